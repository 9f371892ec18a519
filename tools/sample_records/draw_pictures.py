"""Draws the pictures of the examination samples once; they are schematic, of no real person.

python tools/sample_records/draw_pictures.py   needs Pillow; writes tools/sample_records/pictures/.
"""

# ruff: noqa: E501, S311

from __future__ import annotations

import math
import random
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

HERE = Path(__file__).parent / "pictures"
Box = tuple[float, float, float, float]


def _grain(picture: Image.Image, amount: float) -> Image.Image:
    noise = Image.effect_noise(picture.size, amount)
    return ImageChops.add(picture, noise, scale=1, offset=-128)


def chest_ct(*, nodule: bool) -> Image.Image:
    """An axial slice through the lungs; with or without a nodule in the right upper lobe."""
    picture = Image.new("L", (420, 340), 8)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((20, 40, 400, 310), fill=120)
    draw.ellipse((34, 52, 386, 298), fill=88)
    draw.ellipse((52, 82, 190, 272), fill=22)
    draw.ellipse((230, 82, 368, 272), fill=22)
    draw.ellipse((168, 120, 262, 236), fill=132)
    draw.ellipse((188, 246, 236, 296), fill=215)
    draw.ellipse((150, 232, 184, 262), fill=150)
    draw.rectangle((204, 56, 216, 70), fill=210)
    rng = random.Random(5)
    for _ in range(90):
        side = rng.choice(((121, 62), (299, 62)))
        angle, far = rng.random() * math.tau, rng.random() ** 0.5
        x, y = side[0] + math.cos(angle) * side[1] * far, 176 + math.sin(angle) * 86 * far
        size = rng.random() * 2.4 + 0.4
        draw.ellipse((x - size, y - size, x + size, y + size), fill=rng.randint(60, 130))
    if nodule:
        draw.ellipse((96, 118, 112, 133), fill=150)
    picture = _grain(picture.filter(ImageFilter.GaussianBlur(1.6)), 5)
    ImageDraw.Draw(picture).text((8, 6), "SE 3  IM 48", fill=220)
    return picture


def wrist() -> Image.Image:
    picture = Image.new("L", (300, 380), 5)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((70, 10, 230, 370), 60, fill=52)
    draw.polygon(((92, 370), (132, 370), (140, 230), (90, 216)), fill=168)
    draw.polygon(((150, 370), (176, 370), (178, 226), (152, 222)), fill=160)
    draw.polygon(((84, 206), (142, 222), (146, 190), (92, 178)), fill=186)
    for at, (x, y) in enumerate(
        ((98, 158), (124, 150), (150, 152), (172, 164), (108, 128), (136, 120), (162, 128))
    ):
        draw.ellipse((x - 14, y - 13, x + 14, y + 13), fill=170 + at % 3 * 10)
    for x, top in ((92, 30), (118, 18), (144, 20), (170, 36)):
        draw.rounded_rectangle((x - 9, top, x + 9, 108), 6, fill=172)
    draw.line((86, 212, 144, 226), fill=40, width=3)
    picture = _grain(picture.filter(ImageFilter.GaussianBlur(1.8)), 5)
    ImageDraw.Draw(picture).text((270, 10), "R", fill=230)
    return picture


def gastroscopy(seed: int) -> Image.Image:
    rng = random.Random(seed)
    picture = Image.new("RGB", (300, 280), (6, 4, 4))
    draw = ImageDraw.Draw(picture)
    for ring in range(130, 0, -2):
        tone = 70 + (130 - ring)
        draw.ellipse((150 - ring, 140 - ring, 150 + ring, 140 + ring),
                     fill=(min(255, tone + 90), 60 + tone // 3, 50 + tone // 4))  # fmt: skip
    for _ in range(14):
        angle = rng.random() * math.tau
        draw.arc((40 + rng.random() * 30, 40, 250, 230), math.degrees(angle), math.degrees(angle) + 70,
                 fill=(150, 60, 52), width=5)  # fmt: skip
    draw.ellipse((170, 150, 206, 182), fill=(236, 214, 180))
    draw.ellipse((166, 146, 210, 186), outline=(150, 30, 28), width=5)
    for _ in range(9):
        x, y = rng.randint(70, 220), rng.randint(60, 220)
        draw.ellipse((x, y, x + 5, y + 3), fill=(255, 244, 238))
    return picture.filter(ImageFilter.GaussianBlur(2.2))


def angiogram() -> Image.Image:
    picture = Image.new("L", (340, 320), 150)
    draw = ImageDraw.Draw(picture)
    for y in range(320):
        draw.line((0, y, 340, y), fill=170 - y // 6)
    trunk = [(60, 40), (96, 66), (130, 92), (168, 132), (196, 180), (214, 236), (220, 300)]
    draw.line(trunk, fill=38, width=9, joint="curve")
    draw.line([(140, 104), (152, 116)], fill=140, width=9)
    draw.line([(140, 104), (152, 116)], fill=46, width=2)
    for start, bend, end in (
        ((110, 76), (190, 84), (286, 130)),
        ((168, 132), (238, 158), (292, 222)),
        ((196, 180), (158, 216), (140, 270)),
        ((120, 84), (84, 146), (74, 226)),
    ):
        draw.line([start, bend, end], fill=52, width=5, joint="curve")
    picture = _grain(picture.filter(ImageFilter.GaussianBlur(1.3)), 4)
    ImageDraw.Draw(picture).text((8, 6), "RAO 30 CRA 20", fill=245)
    return picture


def main() -> None:
    HERE.mkdir(exist_ok=True)
    made = {
        "ct-nodule": chest_ct(nodule=True), "ct-below": chest_ct(nodule=False), "wrist": wrist(),
        "stomach-1": gastroscopy(1), "stomach-2": gastroscopy(9), "angiogram": angiogram(),
    }  # fmt: skip
    for name, picture in made.items():
        small = picture.quantize(24) if picture.mode == "L" else picture.quantize(96)
        small.save(HERE / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()

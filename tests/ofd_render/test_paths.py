"""Paths, their lines, rules, boundaries and clips (GB/T 33190-2016 §8, §9)."""

import pytest

WHITE, BLACK, RED, BLUE = (255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 0, 255)
SQUARE = "M 0 0 L 20 0 L 20 20 L 0 20 C"


def path(data=SQUARE, box="10 10 20 20", attrs="", inner="", fill="255 0 0"):
    color = f'<ofd:FillColor Value="{fill}"/>' if fill else ""
    given = 'Fill="true" Stroke="false"' if fill else ""
    return (
        f'<ofd:PathObject ID="5" Boundary="{box}" {given} {attrs}>{color}{inner}'
        f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"
    )


def test_rules_of_filling(draw):
    ring = f"{SQUARE} M 5 5 L 15 5 L 15 15 L 5 15 C"
    odd, whole = draw(path(ring, attrs='Rule="Even-Odd"')), draw(path(ring))
    assert odd.at(12, 12) == RED
    assert odd.at(20, 20) == WHITE
    assert whole.at(20, 20) == RED
    assert not odd.notices


def test_lines_have_width_caps_joins_and_dashes(draw):
    line = "M 0 5 L 40 5"
    butt, round_, square = (
        draw(path(line, "20 10 40 10", f'LineWidth="4" Cap="{cap}"', fill=""))
        for cap in ("Butt", "Round", "Square")
    )
    assert butt.at(19, 15) == WHITE
    assert round_.at(18.6, 15) == BLACK
    assert round_.at(18.4, 13.4) == WHITE
    assert square.at(18.4, 13.4) == BLACK
    dashed = draw(
        path(line, "20 10 40 10", 'LineWidth="2" DashPattern="5 5" DashOffset="5"', fill="")
    )
    assert dashed.at(22, 15) == WHITE
    assert dashed.at(27, 15) == BLACK
    assert "[5 5] 5 d" in dashed.operators()
    joined = draw(path("M 0 0 L 10 10 L 20 0", fill="", attrs='LineWidth="2" Join="Bevel"'))
    assert " 2 j " in f" {joined.operators()}"


def test_no_fill_colour_is_no_fill(draw):
    assert draw(path(fill="", attrs='Fill="true" Stroke="false"')).at(20, 20) == WHITE
    assert sum(draw(path(fill="", attrs='Fill="true"')).at(10, 20)) < 400


def test_a_path_is_cut_at_its_boundary_unless_that_is_plainly_wrong(draw):
    cut = draw(path("M 0 0 L 40 0 L 40 20 L 0 20 C"))
    assert cut.at(20, 20) == RED
    assert cut.at(35, 20) == WHITE
    wrong = draw(path("M 30 0 L 40 0 L 40 20 L 30 20 C"))
    assert wrong.at(45, 20) == RED
    flat = draw(path("M 0 0 L 40 0", "10 10 40 0", 'LineWidth="2"', fill=""))
    assert flat.at(30, 10) == BLACK


def _clips(*clips, flag=""):
    inner = "".join(f"<ofd:Clip>{clip}</ofd:Clip>" for clip in clips)
    return f"<ofd:Clips{flag}>{inner}</ofd:Clips>"


def _area(data, box="0 0 20 20", ctm=""):
    given = f' CTM="{ctm}"' if ctm else ""
    return (
        f'<ofd:Area{given}><ofd:Path Boundary="{box}"><ofd:AbbreviatedData>{data}'
        "</ofd:AbbreviatedData></ofd:Path></ofd:Area>"
    )


HALF = "M 0 0 L 10 0 L 10 20 L 0 20 C"


def test_clips_are_the_meet_of_joined_areas(draw):
    left = draw(path(inner=_clips(_area(HALF))))
    assert left.at(15, 20) == RED
    assert left.at(25, 20) == WHITE
    joined = draw(path(inner=_clips(_area(HALF) + _area(HALF, ctm="0.5 0 0 1 15 0"))))
    assert joined.at(15, 20) == RED
    assert joined.at(23, 20) == WHITE
    assert joined.at(27, 20) == RED
    top = _area("M 0 0 L 20 0 L 20 10 L 0 10 C")
    met = draw(path(inner=_clips(_area(HALF), top)))
    assert met.at(15, 15) == RED
    assert met.at(15, 25) == WHITE
    assert met.at(25, 15) == WHITE


@pytest.mark.parametrize(("flag", "seen"), [("", RED), (' TransFlag="false"', WHITE)])
def test_the_objects_matrix_moves_its_clip_unless_said_otherwise(draw, flag, seen):
    clip = _clips(_area("M 0 0 L 5 0 L 5 5 L 0 5 C"), flag=flag)
    drawn = draw(path(SQUARE, "10 10 40 40", 'CTM="2 0 0 2 0 0"', clip))
    assert drawn.at(12, 12) == RED
    assert drawn.at(18, 18) == seen


def test_text_can_be_a_clip(draw):
    text = (
        '<ofd:Area><ofd:Text Boundary="0 0 20 20" Font="7" Size="20"><ofd:TextCode X="0" Y="17">'
        "口</ofd:TextCode></ofd:Text></ofd:Area>"
    )
    drawn = draw(path(inner=_clips(text)))
    assert drawn.at(20, 18) == WHITE  # the hollow of the character
    assert 300 < drawn.ink(10, 10, 20, 20) < 4000
    assert " 7 Tr " in drawn.operators()


def test_a_clip_that_cannot_be_read_cuts_nothing_and_is_named(draw):
    drawn = draw(path(inner=_clips('<ofd:Area CTM="1 2"/>')))
    assert drawn.at(20, 20) == RED
    assert "clip.malformed" in drawn.codes


def test_opacity_and_blending(draw):
    below = path("M 0 0 L 40 0 L 40 20 L 0 20 C", "0 10 40 20", fill="255 255 0")
    drawn = draw(below + path(attrs='Alpha="128"', fill="0 0 255"))
    assert drawn.at(20, 20) == pytest.approx((127, 127, 128), abs=2)
    own = draw(below + path(fill="", inner='<ofd:FillColor Value="0 0 255" Alpha="128"/>',
                            attrs='Fill="true" Stroke="false"'))  # fmt: skip
    assert own.at(20, 20) == pytest.approx((127, 127, 128), abs=2)
    dark = draw(below + path(attrs='BlendMode="Multiply"', fill="0 255 255"))
    assert dark.at(20, 20) == (0, 255, 0)
    with dark.open() as document:
        states = document.pages[0].Resources.ExtGState
        assert [str(state.BM) for state in states.values()] == ["/Multiply"]


def test_draw_parameters_stand_behind_the_objects_own(draw):
    resources = (
        '<ofd:DrawParams><ofd:DrawParam ID="70" Relative="71" LineWidth="4"/>'
        '<ofd:DrawParam ID="71" Cap="Square"><ofd:FillColor Value="0 0 255"/>'
        '<ofd:StrokeColor Value="255 0 0"/></ofd:DrawParam></ofd:DrawParams>'
    )
    drawn = draw(
        path("M 0 5 L 20 5", "10 5 20 10", 'DrawParam="70"', fill="")
        + path(box="50 20 20 20", attrs='DrawParam="70" Fill="true" Stroke="false"', fill=""),
        resources=resources,
    )
    assert drawn.at(8.5, 10) == RED
    assert drawn.at(20, 8.5) == RED
    assert drawn.at(60, 30) == BLUE


def test_arcs_and_curves(draw):
    circle = "M 20 10 A 10 10 0 1 1 0 10 A 10 10 0 1 1 20 10 C"
    drawn = draw(path(circle))
    assert drawn.at(20, 20) == RED
    assert drawn.at(11, 11) == WHITE
    assert drawn.at(13.5, 13.5) == RED


@pytest.mark.parametrize(
    "data",
    ["M0,0 L20,0 20,20 0,20 Z", "M 0 0 X 9 L 20 0 L 20 20 L 0 20 C", "M 0 0 L 20 0 L 20 20 L 0"],
)
def test_path_data_of_other_forms_is_drawn_as_far_as_it_is_read(draw, data):
    drawn = draw(path(data))
    assert drawn.at(24, 16) == RED
    assert drawn.codes == [] if "Z" in data else ["path.malformed"]

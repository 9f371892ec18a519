"""A pool of made-up people (示例人群): right identity numbers, given to nobody, in millions.

The region 320100 of the numbers is the city as a whole, which is given to nobody (decision 0043).
The same size and seed give the same people; so one person recurs in many tables and units.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.sampling.texts import joined, padded, picked

_EPOCH = np.datetime64("1970-01-01", "D")
OLDEST = int((np.datetime64("1931-01-01") - _EPOCH).astype(int))
YOUNGEST = int((np.datetime64("2020-01-01") - _EPOCH).astype(int))
_SPAN = YOUNGEST - OLDEST
MOST = _SPAN * 1_000  # one number for each day of birth and order code
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = pa.array(list("10X98765432"))
_REGION = 320100
_SURNAMES = tuple(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_GIVEN = tuple(
    "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚桂英华文玉红建国志海春梅兰云飞晓东欣怡子涵浩宇轩雨思佳嘉雪峰鹏程林婷颖倩瑶昊天博瑞祥福康安宁乐"
)
_ROADS = ("示范路", "测试街", "样例大道", "演示巷", "模拟北路", "范例东路", "试点新村")
_MOBILE = ("13", "15", "17", "18", "19")


@dataclass(frozen=True)
class People:
    """Columns of equal length. birth: days since 1970. sex: "1" or "2"."""

    seed: int
    birth: np.ndarray
    male: np.ndarray
    identity: pa.StringArray
    name: pa.StringArray
    phone: pa.StringArray
    address: pa.StringArray

    def __len__(self) -> int:
        return len(self.birth)


@lru_cache(maxsize=4)
def people(size: int = 20_000, seed: int = 1) -> People:
    """So many made-up people. Raises ValueError beyond the numbers there are."""
    if not 1 <= size <= MOST:
        raise ValueError(f"a pool has 1 … {MOST} people")
    at = np.arange(size, dtype=np.int64)
    random = np.random.default_rng([seed, 7])
    # a full cycle through days of birth, then the next order code: no number occurs twice
    step = 7_919 + 2 * (seed % 1_000)
    while np.gcd(step, _SPAN) != 1:
        step += 2
    birth = OLDEST + (at * step + seed) % _SPAN
    order = at // _SPAN
    order = (order * 7 + random.integers(0, 1_000)) % 1_000
    picks = random.integers(0, 1 << 60, size)
    return People(
        seed=seed,
        birth=birth.astype(np.int32),
        male=order % 2 == 1 if size > _SPAN else picks % 2 == 1,
        identity=numbers(birth, order if size > _SPAN else _by_sex(order, picks)),
        name=_names(picks),
        phone=_phones(picks),
        address=_addresses(picks),
    )


def _by_sex(order: np.ndarray, picks: np.ndarray) -> np.ndarray:
    """While one order code a day is enough, its parity says the sex that was picked."""
    chosen: np.ndarray = order - order % 2 + picks % 2
    return chosen


def numbers(birth: np.ndarray, order: np.ndarray) -> pa.StringArray:
    """Identity numbers (GB 11643) of these days of birth and order codes, vectorised."""
    days = birth.astype("datetime64[D]")
    years = days.astype("datetime64[Y]").astype(int) + 1970
    months = days.astype("datetime64[M]").astype(int) % 12 + 1
    of_month = (days - days.astype("datetime64[M]")).astype(int) + 1
    eleven = (years * 10_000 + months * 100 + of_month) * 1_000 + order
    total = sum(int(digit) * w for digit, w in zip(str(_REGION), _WEIGHTS, strict=False))
    rest = eleven.copy()
    sums = np.full(len(birth), total, dtype=np.int64)
    for weight in reversed(_WEIGHTS[6:]):
        sums += (rest % 10) * weight
        rest //= 10
    first = pc.cast(pa.array(_REGION * 10**11 + eleven), pa.string())
    return joined(first, _CHECK.take(pa.array(sums % 11)))


def _names(picks: np.ndarray) -> pa.StringArray:
    surname = picked(_SURNAMES, (picks >> 3) % len(_SURNAMES))
    one = picked(_GIVEN, (picks >> 13) % len(_GIVEN))
    two = picked((*_GIVEN, *([""] * 20)), (picks >> 23) % (len(_GIVEN) + 20))
    return joined(surname, one, two)


def _phones(picks: np.ndarray) -> pa.StringArray:
    return joined(picked(_MOBILE, (picks >> 7) % len(_MOBILE)), padded((picks >> 5) % 10**9, 9))


def _addresses(picks: np.ndarray) -> pa.StringArray:
    road = picked(tuple(f"南京市鼓楼区{road}" for road in _ROADS), (picks >> 9) % len(_ROADS))
    number = pc.cast(pa.array((picks >> 11) % 400 + 1), pa.string())
    return joined(road, number, pa.scalar("号"))

"""Typed errors with a plain diagnosis (类型化错误): what is wrong, where, and what to do.

Whatever comes from outside and cannot be accepted ends in one of these, never in a raw ValueError.
Edges translate them: the HTTP API into problem+json (RFC 9457), the CLI into an exit code, pages
into a sentence. Texts must carry no personal data and no secrets: they reach logs.
"""

from __future__ import annotations

from typing import ClassVar


class Problem(Exception):
    """Base of all expected failures.

    what: one sentence, what is wrong. where: part, field, line or path. remedy: what to do.
    `code` names the kind for machines, `status` is its HTTP status, `exit_code` that of the CLI.
    """

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f" [{self.where}]" if self.where else ""
        advice = f" ({self.remedy})" if self.remedy else ""
        return f"{self.what}{place}{advice}"

    def as_dict(self) -> dict[str, str]:
        """The problem as it leaves in JSON: code, what, where, remedy."""
        return {"code": self.code, "what": self.what, "where": self.where, "remedy": self.remedy}


class Malformed(Problem):
    """The input breaks its format or standard (格式错误)."""

    code = "malformed"
    status = 422
    exit_code = 3


class TooLarge(Problem):
    """The input exceeds a stated bound (超出限制)."""

    code = "too-large"
    status = 413
    exit_code = 3


class NotVerified(Problem):
    """A signature, digest, proof or certificate does not hold (验证不通过)."""

    code = "not-verified"
    status = 422
    exit_code = 4


class Refused(Problem):
    """Policy, consent or permission says no (拒绝)."""

    code = "refused"
    status = 403
    exit_code = 5


class NotFound(Problem):
    """No such thing, or none that the asker may know of (未找到)."""

    code = "not-found"
    status = 404
    exit_code = 6


class Conflict(Problem):
    """The state does not allow it now, or it was already done differently (冲突)."""

    code = "conflict"
    status = 409
    exit_code = 7


class Unavailable(Problem):
    """Something needed does not answer; the same call may succeed later (暂不可用)."""

    code = "unavailable"
    status = 503
    exit_code = 8


class Misconfigured(Problem):
    """The installation lacks something; an operator must act (配置错误)."""

    code = "misconfigured"
    status = 500
    exit_code = 9

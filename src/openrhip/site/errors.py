"""Error pages (错误页): what happened, and what to do now, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from openrhip.kernel.errors import Problem


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """title: one line; lines: what to do; detail: the typed problem's own sentence."""

    status: int
    title: str
    lines: tuple[str, ...]
    detail: str = ""


def _words(status: int) -> tuple[str, tuple[str, ...]]:
    if status == 403:
        return _("您不能打开这个页面"), (
            _("这个页面不属于当前登录的账户，或者登录已经过期。"),
            _("请返回首页重新登录；如果您认为自己应当有权限，请联系本单位的平台管理员。"),
        )
    if status == 404:
        return _("没有找到这个页面"), (
            _("网址可能有误，或者页面已经移走。"),
            _("请检查网址，或者从首页重新进入。"),
        )
    if status == 503:
        return _("平台暂时不能完成这项操作"), (
            _("平台的某个部分暂时没有响应。您的资料没有丢失，也没有被他人查看。"),
            _("请几分钟后再试；如果一直如此，请联系平台管理员。"),
        )
    if 400 <= status < 500:
        return _("这项操作没有完成"), (_("请返回上一页，检查后再试一次。"),)
    return _("平台出了问题"), (
        _("这不是您的错误。问题已经记录下来。"),
        _("请稍后再试；如果一直如此，请联系平台管理员。"),
    )


def page(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    title, lines = _words(status)
    context = {"error": ErrorPage(status, title, lines, detail)}
    return render(request, "site/error.jinja", context, status=status)


def problem(request: HttpRequest, error: Problem) -> HttpResponse:
    """The page of a typed problem. Server-side details stay in the log."""
    detail = "" if error.status >= 500 or error.status == 404 else error.what
    return page(request, error.status, detail)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is from another session or too old."""
    del reason
    return page(request, 403, _("表单已经过期。请返回上一页刷新后重新提交。"))

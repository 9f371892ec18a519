"""Every address of the site, and beside it who may open it (`guards`)."""

from __future__ import annotations

from django.urls import URLPattern, path

from openrhip.site import pages, preferences
from openrhip.site.accounts.pages import citizens, passkey_api
from openrhip.site.accounts.pages import staff as staff_pages
from openrhip.site.guards import open_to_all, staff

urlpatterns: list[URLPattern] = [
    path("", open_to_all(pages.front), name="front"),
    path("accessibility/", open_to_all(pages.accessibility), name="accessibility"),
    path("preferences/", open_to_all(preferences.choose), name="preferences"),
    path("sign-in/", open_to_all(citizens.sign_in), name="sign-in"),
    path("sign-in/code/", open_to_all(citizens.code), name="sign-in-code"),
    path("sign-out/", open_to_all(citizens.sign_out), name="sign-out"),
    path("signed-out/", open_to_all(citizens.signed_out), name="signed-out"),
    path("staff/sign-in/", open_to_all(staff_pages.sign_in), name="staff-sign-in"),
    path("staff/second-step/", open_to_all(staff_pages.second_step), name="second-step"),
    path("staff/enrol/", open_to_all(staff_pages.enrol), name="enrol"),
    path("staff/security/", staff()(staff_pages.security), name="security"),
    path("staff/security/codes/", staff()(staff_pages.new_codes), name="new-codes"),
    path(
        "staff/security/passkeys/<int:key>/remove/",
        staff()(staff_pages.remove_passkey),
        name="remove-passkey",
    ),
    path("staff/passkeys/options/", open_to_all(passkey_api.options), name="passkey-options"),
    path("staff/passkeys/check/", open_to_all(passkey_api.check), name="passkey-check"),
    path("staff/passkeys/register/", staff()(passkey_api.register), name="passkey-register"),
]

handler400 = "openrhip.site.errors.bad_request"
handler403 = "openrhip.site.errors.forbidden"
handler404 = "openrhip.site.errors.not_found"
handler500 = "openrhip.site.errors.server_error"

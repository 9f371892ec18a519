"""Every address of the site, and beside it who may open it (`guards`)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from openrhip.collect.pages import asking, asking_runs, batches, catalogue, desk, units
from openrhip.collect.pages import console as collection
from openrhip.directory.pages import consents, oversight, people, reviews
from openrhip.directory.rules.access import Role
from openrhip.records.pages import citizen as portal
from openrhip.records.pages import console, workbench
from openrhip.site import pages, preferences
from openrhip.site.accounts.pages import citizens, passkey_api
from openrhip.site.accounts.pages import console as account_pages
from openrhip.site.accounts.pages import staff as staff_pages
from openrhip.site.accounts.rules import CLINICAL
from openrhip.site.guards import citizen, counted_search, open_to_all, staff

clinician = staff(*CLINICAL)
operator = staff(Role.OPERATOR)
steward = staff(Role.RECORDS_CLERK)
officer = staff(Role.PRIVACY_OFFICER)
sender = staff(Role.DATA_MANAGER)
reader = staff(Role.OPERATOR, Role.DATA_MANAGER)
analyst = staff(Role.ANALYST)

urlpatterns: list[URLPattern | URLResolver] = [
    # The machine API: every request is signed by an institution (directory.api.door);
    # first, since machines ask most often
    path("api/records/", include("openrhip.records.api.urls")),
    path("api/collect/", include("openrhip.collect.api.urls")),
    path("", open_to_all(pages.front), name="front"),
    path("healthz", open_to_all(pages.health), name="health"),
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
    path("staff/security/password/", staff()(staff_pages.change_password), name="change-password"),
    path("staff/security/codes/", staff()(staff_pages.new_codes), name="new-codes"),
    path(
        "staff/security/passkeys/<int:key>/remove/",
        staff()(staff_pages.remove_passkey),
        name="remove-passkey",
    ),
    path("staff/passkeys/options/", open_to_all(passkey_api.options), name="passkey-options"),
    path("staff/passkeys/check/", open_to_all(passkey_api.check), name="passkey-check"),
    path("staff/passkeys/register/", staff()(passkey_api.register), name="passkey-register"),
    # The citizen's portal
    path("me/records/", citizen(portal.my_records), name="my-records"),
    path("me/records/<str:document_id>/open/", citizen(portal.open_record), name="open-record"),
    path(
        "me/records/<str:document_id>/<str:access_id>/", citizen(portal.reading), name="my-reading"
    ),
    path(
        "me/records/<str:document_id>/<str:access_id>/page-<int:number>.png",
        citizen(portal.page_picture),
        name="my-picture",
    ),
    path(
        "me/records/<str:document_id>/download/as-<slug:form>/",
        citizen(portal.download),
        name="download",
    ),
    path("me/accesses/", citizen(portal.my_accesses), name="my-accesses"),
    path("me/accesses/<str:access_id>/", citizen(portal.my_access), name="my-access"),
    path(
        "me/accesses/<str:access_id>/proof.json",
        citizen(portal.my_access_proof),
        name="my-access-proof",
    ),
    path("me/consents/", citizen(consents.my_consents), name="my-consents"),
    path("me/consents/new/", citizen(consents.give), name="give-consent"),
    path(
        "me/consents/<str:consent_id>/withdraw/",
        citizen(consents.withdraw),
        name="withdraw-consent",
    ),
    path("me/notices/", citizen(portal.my_notices), name="my-notices"),
    # The clinician's workbench
    path("work/", clinician(counted_search(people.find)), name="find-patient"),
    path("work/people/<str:person_id>/", clinician(workbench.patient), name="patient"),
    path(
        "work/people/<str:person_id>/emergency/",
        clinician(workbench.emergency),
        name="emergency-access",
    ),
    path(
        "work/people/<str:person_id>/emergency/end/",
        clinician(workbench.end_emergency),
        name="end-emergency",
    ),
    path("work/records/<str:document_id>/ask/", clinician(workbench.ask), name="ask"),
    path(
        "work/records/<str:document_id>/<str:access_id>/",
        clinician(workbench.reading),
        name="work-reading",
    ),
    path(
        "work/records/<str:document_id>/<str:access_id>/page-<int:number>.png",
        clinician(portal.page_picture),
        name="work-picture",
    ),
    # The operator's console
    path("console/deposits/", operator(console.deposits), name="deposits"),
    path("console/refused/", operator(console.refusals), name="refusals"),
    path("console/refused/<str:refusal_id>/", operator(console.refusal), name="refusal"),
    path("console/ledger/", operator(console.ledger_health), name="ledger-health"),
    path("console/nodes/", operator(console.nodes), name="agents"),
    path(
        "console/policies/",
        staff(Role.OPERATOR, Role.PRIVACY_OFFICER)(oversight.policies),
        name="policies",
    ),
    path("console/accounts/", operator(account_pages.accounts), name="accounts"),
    path("console/accounts/<int:account_id>/", operator(account_pages.account), name="account"),
    # Collection: the operator's view of all units
    path("console/collection/", operator(collection.overview), name="collection"),
    path(
        "console/collection/figures/<str:month>/<str:form>/",
        operator(collection.figures_file),
        name="collection-figures",
    ),
    path("console/collection/heat/", operator(collection.heat_maps), name="collection-heat"),
    path("console/collection/persons/", operator(collection.persons), name="collection-persons"),
    path("console/collection/faults/", operator(units.faults), name="collection-faults"),
    path(
        "console/collection/units/<str:code>/",
        operator(collection.unit_now),
        name="collection-unit",
    ),
    path(
        "console/collection/units/<str:code>/rules/<str:rule>/",
        operator(units.rule),
        name="collection-rule",
    ),
    path(
        "console/collection/units/<str:code>/<str:month>/",
        operator(units.unit_month),
        name="collection-unit-month",
    ),
    path("console/collection/batches/", operator(batches.batches), name="collection-batches"),
    path(
        "console/collection/batches/<str:batch_id>/",
        operator(batches.batch),
        name="collection-batch",
    ),
    path(
        "console/collection/batches/<str:batch_id>/<str:name>",
        operator(batches.batch_file),
        name="collection-batch-file",
    ),
    # Collection: a unit's own desk
    path("unit/", sender(desk.home), name="unit-desk"),
    path("unit/faults/", sender(desk.faults), name="unit-faults"),
    path("unit/faults/<str:rule>/", sender(desk.rule), name="unit-rule"),
    path("unit/batches/", sender(desk.batches), name="unit-batches"),
    path("unit/batches/<str:batch_id>/", sender(desk.batch), name="unit-batch"),
    path("unit/batches/<str:batch_id>/<str:name>", sender(desk.batch_file), name="unit-batch-file"),
    path("unit/<str:month>/", sender(desk.month), name="unit-month"),
    # The catalogue of collected tables
    path("catalogue/", reader(catalogue.tables), name="catalogue"),
    path("catalogue/values/", reader(catalogue.values), name="catalogue-values"),
    path(
        "catalogue/values/<str:name>/",
        reader(catalogue.value_set),
        name="catalogue-value-set",
    ),
    path("catalogue/<str:code>/", reader(catalogue.table), name="catalogue-table"),
    path("catalogue/<str:code>/sample.csv", reader(catalogue.sample), name="catalogue-sample"),
    # Asking the collected data
    path("questions/", analyst(asking.listed), name="questions"),
    path("questions/new/", analyst(asking.new), name="new-question"),
    path("questions/tables/", analyst(asking.tables), name="question-tables"),
    path("questions/tables/<str:name>/", analyst(asking.table), name="question-table"),
    path("questions/runs/", analyst(asking.runs), name="question-runs"),
    path("questions/runs/<str:run_id>/", analyst(asking_runs.run), name="question-run"),
    path("questions/runs/<str:run_id>/state/", analyst(asking_runs.state), name="question-state"),
    path(
        "questions/runs/<str:run_id>/cancel/", analyst(asking_runs.cancel), name="question-cancel"
    ),
    path(
        "questions/runs/<str:run_id>/export/", analyst(asking_runs.export), name="question-export"
    ),
    path("questions/runs/<str:run_id>/save/", analyst(asking_runs.save), name="question-save"),
    path("questions/saved/<str:query_id>/", analyst(asking.saved), name="question"),
    path("questions/saved/<str:query_id>/retire/", analyst(asking.retire), name="question-retire"),
    # The patient index's review list
    path("index/reviews/", steward(reviews.reviews), name="reviews"),
    path("index/reviews/<str:review_id>/", steward(reviews.review), name="review"),
    path("index/people/<str:person_id>/history/", steward(reviews.history), name="merge-history"),
    # The privacy officer's desk
    path("privacy/emergencies/", officer(oversight.emergencies), name="emergencies"),
    path("privacy/emergencies/<str:emergency_id>/", officer(oversight.emergency), name="emergency"),
]

handler400 = "openrhip.site.errors.bad_request"
handler403 = "openrhip.site.errors.forbidden"
handler404 = "openrhip.site.errors.not_found"
handler500 = "openrhip.site.errors.server_error"

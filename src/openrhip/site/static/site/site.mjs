// Progressive enhancement only: every page works without this file.
import { createAll, Button, ErrorSummary, PasswordInput, SkipLink } from "../vendor/nhsuk/nhsuk-frontend.min.js";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
for (const component of [Button, ErrorSummary, PasswordInput, SkipLink]) createAll(component);

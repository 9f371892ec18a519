#!/usr/bin/env bash
# Build static/vendor/nhsuk from NHS.UK frontend's Sass and our options. Needs node and npm; only for
# maintainers: the result is committed.
set -euo pipefail
cd "$(dirname "$0")/.."
version=10.6.1
site=src/openrhip/site
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
npm install --silent --no-audit --no-fund --prefix "$scratch" "nhsuk-frontend@$version" sass
"$scratch/node_modules/.bin/sass" --load-path="$scratch/node_modules" --style=compressed \
  --no-source-map --quiet-deps "$site/styles/nhsuk.scss" "$site/static/vendor/nhsuk/nhsuk.css"
cp "$scratch/node_modules/nhsuk-frontend/dist/nhsuk/nhsuk-frontend.min.js" "$site/static/vendor/nhsuk/"
sed -i 's|//# sourceMappingURL=.*||' "$site/static/vendor/nhsuk/nhsuk-frontend.min.js"
mkdir -p "$site/static/vendor/nhsuk/images"
for icon in arrow-down arrow-up-down arrow-up cross; do
  cp "$scratch/node_modules/nhsuk-frontend/dist/nhsuk/assets/images/nhsuk-icon-$icon.svg" "$site/static/vendor/nhsuk/images/"
done
! grep -rlE 'https?://assets\.|Frutiger' "$site/static/vendor/nhsuk"/*.css

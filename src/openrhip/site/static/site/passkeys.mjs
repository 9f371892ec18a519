// Passkeys (WebAuthn) as the second factor. The page works without this file: the app's code does.
const box = document.querySelector("[data-passkey]");

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

async function post(address, fields) {
  const body = new URLSearchParams(fields);
  const headers = { "X-CSRFToken": box.querySelector("[name=csrfmiddlewaretoken]").value };
  const response = await fetch(address, { method: "POST", body, headers });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.problem);
  return answer;
}

function decoded(options) {
  const list = (items) => items?.map((item) => ({ ...item, id: bytes(item.id) }));
  const made = { ...options, challenge: bytes(options.challenge) };
  if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) made.excludeCredentials = list(options.excludeCredentials);
  if (options.allowCredentials) made.allowCredentials = list(options.allowCredentials);
  return made;
}

function encoded(credential) {
  const { response } = credential;
  const part = (name) => (response[name] ? { [name]: text(response[name]) } : {});
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: {
      ...part("clientDataJSON"),
      ...part("attestationObject"),
      ...part("authenticatorData"),
      ...part("signature"),
      ...part("userHandle"),
    },
  });
}

async function run() {
  const { options, finish, mode } = box.dataset;
  const publicKey = decoded(await post(options, {}));
  const credential =
    mode === "register"
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey });
  const label = box.querySelector("[name=label]")?.value ?? "";
  const answer = await post(finish, { answer: encoded(credential), label });
  location.assign(answer.next);
}

if (box && window.PublicKeyCredential) {
  box.hidden = false;
  box.querySelector("button").addEventListener("click", () => {
    const report = box.querySelector("[role=status]");
    report.textContent = "";
    run().catch((error) => {
      const own = error.name === "Error" && error.message;
      report.textContent = own || box.dataset.failed;
    });
  });
}

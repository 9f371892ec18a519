// The page of a query that still runs: look every second and show the answer once it is there.
const note = document.querySelector("[data-running]");

async function look() {
  try {
    const answer = await fetch(note.dataset.running, { headers: { Accept: "text/plain" } });
    const [state] = (await answer.text()).split(" ");
    if (!answer.ok || state !== "running") {
      location.reload();
      return;
    }
  } catch {
    // the connection was away for a moment
  }
  setTimeout(look, 1000);
}

if (note) {
  setTimeout(look, 1000);
}

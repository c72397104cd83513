// Keeps an open page as the server has it: parts are asked for again when something has moved,
// and forms become commands. Without this script the page is still readable.

const LIVE = { connecting: "Connecting…", live: "Live", lost: "Reconnecting…", ended: "Log in again" };
const REPLIES_SEEN = 20; // how often to look whether a command's effect can be read
const PAUSE = 250;
export const csrf = document.querySelector('meta[name="csrf-token"]').content;
const live = document.getElementById("live");
const news = document.getElementById("news");
const waiting = new Map();
const asked = new Map();

function say(state) {
  live.textContent = LIVE[state];
  live.dataset.state = state;
}

// Parts

function keysOf(part) {
  return new Set([...part.querySelectorAll("[data-key]")].map((row) => row.dataset.key));
}

function changedFields(part) {
  const kept = new Map();
  for (const field of part.querySelectorAll("input[id], select[id]")) {
    const first = field.tagName === "SELECT"
      ? ([...field.options].find((o) => o.defaultSelected) ?? field.options[0])?.value
      : field.defaultValue;
    if (field.value !== first) kept.set(field.id, field.value);
  }
  return kept;
}

// What a person has opened, typed or focused must survive the swap.
function swap(part, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  if (part.innerHTML === fresh.outerHTML || part.innerHTML === fresh.innerHTML) return;
  const before = keysOf(part);
  const open = [...part.querySelectorAll("details[open][id]")].map((d) => d.id);
  const typed = changedFields(part);
  const focus = part.contains(document.activeElement) ? document.activeElement : null;
  const focused = focus && (focus.id || focus.closest("details")?.id);
  const said = new Map([...part.querySelectorAll(".problem[id]")].map((p) => [p.id, p.textContent]));
  part.replaceChildren(fresh);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const [id, value] of typed) if (document.getElementById(id)) document.getElementById(id).value = value;
  for (const [id, text] of said) if (document.getElementById(id)) document.getElementById(id).textContent = text;
  if (focused) refocus(focused);
  if (before.size) announce(part, before);
}

function refocus(id) {
  const same = document.getElementById(id);
  const target = same?.tagName === "DETAILS" ? same.querySelector("summary") : same;
  const row = id.slice(id.indexOf("-") + 1); // a button that is gone: its row's first control
  (target ?? document.querySelector(`#act-${CSS.escape(row)} summary`))?.focus({ preventScroll: true });
}

function announce(part, before) {
  let count = 0;
  for (const row of part.querySelectorAll("[data-key]")) {
    if (before.has(row.dataset.key)) continue;
    row.classList.add("fresh");
    count += 1;
  }
  if (count && part.id === "list") news.textContent = count === 1 ? "One new response" : `${count} new responses`;
}

async function refresh(part) {
  asked.set(part, Date.now());
  try {
    const reply = await fetch(part.dataset.part, { headers: { Accept: "text/html" } });
    if (reply.status === 401) return say("ended");
    if (reply.ok) swap(part, await reply.text());
  } catch {
    say("lost"); // the stream notices too, and asks again when it is back
  }
}

// Not at every move: a part says how many seconds it wants between two looks.
function schedule(part) {
  if (waiting.has(part)) return;
  const due = (asked.get(part) ?? 0) + 1000 * Number(part.dataset.seconds) - Date.now();
  waiting.set(part, setTimeout(() => {
    waiting.delete(part);
    refresh(part);
  }, Math.max(due, 0)));
}

function refreshAll() {
  for (const part of document.querySelectorAll("[data-part]")) schedule(part);
}

for (const part of document.querySelectorAll("[data-ticks]")) {
  setInterval(() => schedule(part), 1000 * Number(part.dataset.seconds));
}

const stream = new EventSource("/live");
stream.addEventListener("open", () => say("live"));
stream.addEventListener("moved", refreshAll);
stream.addEventListener("reset", refreshAll);
stream.addEventListener("error", () => say(stream.readyState === EventSource.CLOSED ? "ended" : "lost"));

// Commands

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is for https alone
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function versionOf(response) {
  return Number(document.getElementById(`response-${response}`)?.dataset.version ?? 0);
}

async function problemOf(reply) {
  try {
    const told = await reply.json();
    return [told.detail, ...(told.errors ?? []).map((e) => e.detail)].join(" ");
  } catch {
    return `The server answered ${reply.status}.`;
  }
}

async function readable(response, version) {
  const part = document.getElementById("list");
  for (let look = 0; look < REPLIES_SEEN && versionOf(response) < version; look += 1) {
    await refresh(part);
    if (!document.getElementById(`response-${response}`)) return; // the filter no longer shows it
    if (versionOf(response) < version) await new Promise((done) => setTimeout(done, PAUSE));
  }
}

// Looked up when there is something to say: a swap may have put another row there meanwhile.
function tell(response, problem) {
  const line = document.getElementById(`problem-${response}`);
  if (line) line.textContent = problem;
}

async function command(form) {
  const { step, response } = form.dataset;
  const fields = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  form.dataset.key ??= newKey(); // the same key while it is not known whether the command arrived
  tell(response, "");
  const reply = await fetch(`/api/v1/responses/${response}/${step}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "Idempotency-Key": form.dataset.key,
      "X-CSRF-Token": csrf,
    },
    body: JSON.stringify({ ...fields, expected_version: versionOf(response) }),
  });
  delete form.dataset.key;
  if (!reply.ok) {
    tell(response, await problemOf(reply));
    return;
  }
  news.textContent = `Done: ${step}`;
  await readable(response, (await reply.json()).version);
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-step]");
  if (!form) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  try {
    await command(form);
  } catch {
    tell(
      form.dataset.response,
      "The server was not reached. Press the button again; it will be done once.",
    );
  } finally {
    delete form.dataset.busy;
  }
});

document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && event.target.closest?.("details[name=act][open]");
  if (!open) return;
  open.removeAttribute("open");
  open.querySelector("summary").focus();
});

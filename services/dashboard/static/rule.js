// The rule builder: forms add clauses to the text, and the text is what is tried and published.

import { csrf, newKey } from "./page.js";

const here = document.getElementById("rule");
const text = document.getElementById("rule-text");
const problem = document.getElementById("rule-problem");
const says = document.getElementById("rule-says");
const change = document.getElementById("rule-change");
const PAGE = 1000;
let asked = 0; // which question is the newest: an older one gives up

const VALUELESS = new Set(["is_null", "not_null"]);

// A value as it is meant: 5 is a number, true a truth, [1, 2] a list, and all else a text.
function valueOf(typed) {
  try {
    return JSON.parse(typed);
  } catch {
    return typed;
  }
}

const CLAUSES = {
  field: (f) => ({ field: f.name, op: f.op, ...(VALUELESS.has(f.op) ? {} : { value: valueOf(f.value) }) }),
  event: (f) => ({
    did: f.name,
    count: { op: f.op, n: Number(f.n) },
    ...(f.days ? { within: { last: `P${f.days}D` } } : {}),
  }),
  consent: (f) => ({ consent: f.name, purpose: f.purpose, is: f.op }),
  list: (f) => ({ in_list: f.name }),
};

function read() {
  try {
    return JSON.parse(text.value);
  } catch (error) {
    throw new Error(`The rule is no JSON: ${error.message}`);
  }
}

function add(clause) {
  const rule = read();
  const where = rule.where ?? {};
  const parts = Array.isArray(where.all) && Object.keys(where).length === 1 ? where.all
    : Object.keys(where).length ? [where] : [];
  rule.where = parts.length ? { all: [...parts, clause] } : clause;
  text.value = JSON.stringify(rule, null, 2);
}

async function ask(address, rule) {
  const reply = await fetch(`/api/v1/lists/${address}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": newKey(), "X-CSRF-Token": csrf },
    body: JSON.stringify(rule),
  });
  const told = await reply.json();
  if (!reply.ok) {
    const faults = (told.errors ?? []).map((one) => `${one.pointer}: ${one.detail}`);
    throw new Error([told.detail, ...faults].join(" "));
  }
  return told;
}

function show(lines) {
  says.textContent = lines.join("\n");
  says.hidden = false;
}

// One question at a time; what goes wrong is said where it was asked.
async function run(work) {
  asked += 1;
  const mine = asked;
  problem.textContent = "";
  change.textContent = "";
  try {
    await work(read(), () => mine === asked);
  } catch (error) {
    if (mine === asked) problem.textContent = error.message;
  }
}

async function preview(rule, isNewest) {
  let [looked, members, joins, leaves, cursor] = [0, 0, 0, 0, ""];
  do {
    const part = await ask(`${here.dataset.list}/rule/preview?limit=${PAGE}${cursor}`, rule);
    if (!isNewest()) return;
    show(part.says);
    looked += part.looked_at;
    members += part.members;
    joins += part.joins.length;
    leaves += part.leaves.length;
    cursor = part.next_cursor ? `&cursor=${encodeURIComponent(part.next_cursor)}` : "";
    const said = `${looked.toLocaleString("en")} looked at${cursor ? " so far" : ""}: `;
    change.textContent = said + `${members.toLocaleString("en")} would be members; `
      + `${joins.toLocaleString("en")} would join, ${leaves.toLocaleString("en")} would leave.`;
  } while (cursor);
}

here.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-clause]");
  if (!form) return;
  event.preventDefault();
  problem.textContent = "";
  try {
    const fields = Object.fromEntries(new FormData(form));
    const clause = CLAUSES[form.dataset.clause](fields);
    add(fields.not ? { not: clause } : clause);
  } catch (error) {
    problem.textContent = error.message;
  }
});

document.getElementById("rule-explain").addEventListener("click", () =>
  run(async (rule) => show((await ask("explain", rule)).says)));
document.getElementById("rule-preview").addEventListener("click", () => run(preview));
document.getElementById("rule-publish").addEventListener("click", () =>
  run(async (rule) => {
    const told = await ask(`${here.dataset.list}/rule`, rule);
    show(told.says);
    change.textContent = `Published as version ${told.definition_version}. It takes effect in five seconds.`;
  }));

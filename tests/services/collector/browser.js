/* A browser as small as the landing page's script needs it. Reads a page from standard input, runs the
 * script there, leaves the page, and writes what was sent. */
"use strict";
const fs = require("fs");
const vm = require("vm");
const told = JSON.parse(fs.readFileSync(0, "utf8"));
const sent = [], listeners = {}, fields = {};

class Blob {
  constructor(parts, options) { this.text = parts.join(""); this.type = options && options.type; }
  get size() { return Buffer.byteLength(this.text); }
}
const listen = (name, call) => { (listeners[name] = listeners[name] || []).push(call); };
const form = {
  getAttribute: () => told.form,
  querySelector: () => null,
  appendChild: (field) => Object.defineProperty(fields, field.name, {
    enumerable: true, get: () => field.value,
  }),
};
const navigator = {
  globalPrivacyControl: told.gpc === true,
  sendBeacon: (url, body) => {
    if (told.beacons === false) return false;
    sent.push({ by: "beacon", url, body: body.text, type: body.type });
    return true;
  },
};
const fetch = (url, options) => {
  if (options.method === "POST") {
    sent.push({ by: "fetch", url, body: options.body, ...options });
    return Promise.resolve({ ok: true });
  }
  return Promise.resolve({ ok: true, json: () => Promise.resolve({ ab_token: "shown" }) });
};
const document = {
  readyState: "complete", visibilityState: "visible", referrer: "", title: "Page",
  forms: told.form ? [form] : [], createElement: () => ({}), addEventListener: listen,
};
const location = new URL(told.url);
const window = { navigator, location, crypto, fetch, addEventListener: listen,
                 setTimeout: () => 1, clearTimeout: () => {} };
const context = vm.createContext({ window, document, Blob, URL, Uint8Array, Date, JSON, RegExp });
for (let i = 0; i < (told.twice ? 2 : 1); i++) vm.runInContext(told.script, context);
context.answerback = window.answerback;
if (told.run) vm.runInContext(told.run, context);
setImmediate(() => {
  document.visibilityState = "hidden";
  listeners.visibilitychange.forEach((call) => call());
  listeners.pagehide.forEach((call) => call());  // nothing is left to send twice
  process.stdout.write(JSON.stringify({ sent, fields: { ...fields } }));
});

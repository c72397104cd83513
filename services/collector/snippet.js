/* Answerback: tells what happens on this page. It keeps nothing in the browser's storage, sets no
 * cookie, and all it remembers ends with the page. https://.../s/<source>.js defines `answerback`:
 *   answerback.page(name?, properties?)      called once by itself when the page is shown
 *   answerback.track(event, properties?)
 *   answerback.identify(userId, traits?)
 *   answerback.flush()                       sends at once what is waiting
 */
(function (window, document) {
  "use strict";
  if (window.answerback && window.answerback.loaded) return;

  var base = "%BASE%", source = "%SOURCE%";
  var most = 15000;      // bytes of a body; all beacons of a page share 64 KiB in flight
  var patience = 5000;   // milliseconds that a call may wait for others
  var waiting = [], timer = 0, user = null;
  var visitor = uuid();
  // Tells the server what the header Sec-GPC tells it too; some browsers set only one of them.
  var optedOut = window.navigator.globalPrivacyControl === true;
  var click = parameter("answerback_cid");

  function uuid() {
    var bytes = new Uint8Array(16), text = "", i;
    window.crypto.getRandomValues(bytes);
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    for (i = 0; i < 16; i++) {
      text += (bytes[i] + 256).toString(16).slice(1);
      if (i === 3 || i === 5 || i === 7 || i === 9) text += "-";
    }
    return text;
  }

  function parameter(name) {
    var found = new RegExp("[?&]" + name + "=([^&#]*)").exec(window.location.search);
    try { return found ? decodeURIComponent(found[1]) : null; } catch (error) { return null; }
  }

  function size(text) { return new Blob([text]).size; }

  function context() {
    var told = { page: { url: window.location.href, referrer: document.referrer,
                         title: document.title } };
    if (click && !optedOut) told.answerback_cid = click;
    return told;
  }

  function add(call) {
    call.messageId = uuid();
    call.originalTimestamp = new Date().toISOString();
    call.context = context();
    if (!optedOut || call.type !== "identify") call.anonymousId = visitor;
    if (user !== null) call.userId = user;
    var text;
    try { text = JSON.stringify(call); } catch (error) { return; }
    if (size(text) > most) return;  // larger than any call that means something
    waiting.push(text);
    if (!timer) timer = window.setTimeout(flush, patience);
  }

  function flush() {
    window.clearTimeout(timer);
    timer = 0;
    var body = [], length = 0, all = waiting, i;
    waiting = [];
    for (i = 0; i < all.length; i++) {
      if (body.length && length + size(all[i]) > most) { send(body); body = []; length = 0; }
      body.push(all[i]);
      length += size(all[i]) + 1;
    }
    if (body.length) send(body);
  }

  function send(calls) {
    var to = base + "/e/" + source;
    var text = '{"sentAt":"' + new Date().toISOString() + '","batch":[' + calls.join(",") + "]}";
    // text/plain needs no preflight.
    if (window.navigator.sendBeacon) {
      try {
        if (window.navigator.sendBeacon(to, new Blob([text], { type: "text/plain" }))) return;
      } catch (error) { /* then by fetch */ }
    }
    if (window.fetch) {
      window.fetch(to, { method: "POST", keepalive: true, credentials: "omit", mode: "cors",
                         headers: { "Content-Type": "text/plain" }, body: text })
        .catch(function () { /* the page goes on */ });
    }
  }

  function hidden(form, name, value) {
    var field = form.querySelector('input[name="' + name + '"]');
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      form.appendChild(field);
    }
    field.value = value;
  }

  /* Forms of ours on the page: when they were shown, by whom, and a name for what will be sent. */
  function arm(form) {
    var action = form.getAttribute("action") || "", start = base + "/f/";
    if (action.indexOf(start) !== 0) return;
    hidden(form, "ab_submission", uuid());
    if (!optedOut) hidden(form, "ab_visitor", visitor);
    track("Form Viewed", { form_id: action.slice(start.length).split(/[?#]/)[0] });
    if (!window.fetch) return;
    window.fetch(action, { credentials: "omit" })
      .then(function (reply) { return reply.ok ? reply.json() : {}; })
      .then(function (told) { if (told.ab_token) hidden(form, "ab_token", told.ab_token); })
      .catch(function () { /* a form without the token is taken too */ });
  }

  function track(event, properties) {
    add({ type: "track", event: String(event), properties: properties || {} });
  }

  function page(name, properties) {
    add({ type: "page", name: name || "", properties: properties || {} });
  }

  function identify(userId, traits) {
    user = String(userId);
    add({ type: "identify", traits: traits || {} });
  }

  function shown() {
    page();
    Array.prototype.forEach.call(document.forms, arm);
  }

  window.answerback = { loaded: true, track: track, page: page, identify: identify, flush: flush };
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "hidden") flush();
  });
  window.addEventListener("pagehide", flush);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", shown);
  else shown();
})(window, document);

// The field page without signal: the page and what it is made of, as they were last seen. Nothing else is kept.
const KEPT = "curbstop-field-1";
const SHELL = {{ shell|safe }};

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== KEPT && name.startsWith("curbstop-field")).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const asked = new URL(event.request.url);
  if (event.request.method !== "GET" || asked.origin !== location.origin) return;
  const page = asked.pathname.endsWith("/field/");
  if (!page && !asked.pathname.startsWith("/static/")) return;
  event.respondWith(fetch(event.request).then((answer) => {
    // a page that sends to the sign-in is not the orders: the last good one is kept
    if (answer.ok && !answer.redirected) {
      const copy = answer.clone();
      caches.open(KEPT).then((kept) => kept.put(page ? asked.pathname : event.request, copy));
    }
    return answer;
  }).catch(() => caches.match(page ? asked.pathname : event.request, {ignoreVary: true}).then((found) => found || Response.error())));
});

// What was done in the field is kept on the telephone first, then sent, each thing once by its key.
"use strict";
(() => {
  const body = document.body;
  const token = () => document.cookie.split("; ").find((one) => one.startsWith(`${body.dataset.cookie}=`))?.split("=")[1] || "";
  const who = body.dataset.who;
  const signal = document.getElementById("signal");

  // --- the queue: IndexedDB, so that pictures fit and it outlives the page ---
  let opened;
  const store = () => opened ||= new Promise((done, fail) => {
    const asked = indexedDB.open("curbstop-field", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("queue", {keyPath: "key"});
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  const run = async (mode, work) => {
    const held = (await store()).transaction("queue", mode);
    const answer = work(held.objectStore("queue"));
    return new Promise((done, fail) => {
      held.oncomplete = () => done(answer.result);
      held.onerror = held.onabort = () => fail(held.error);
    });
  };
  const keep = (item) => run("readwrite", (queue) => queue.put(item));
  const drop = (key) => run("readwrite", (queue) => queue.delete(key));
  const waiting = async () => (await run("readonly", (queue) => queue.getAll())).filter((one) => one.who === who).sort((a, b) => a.kept - b.kept);

  // --- what the page says ---
  const say = (what, why, again) => {
    signal.hidden = !what;
    signal.querySelector("[data-what]").textContent = what;
    signal.querySelector("[data-why]").textContent = why || "";
    signal.querySelector("[data-try]").hidden = !again;
  };
  const stop = (order) => document.querySelector(`details[data-order="${order}"]`);
  const mark = (item, words, look) => {
    const chip = stop(item.order)?.querySelector("[data-state]");
    if (!chip) return;
    chip.textContent = words;
    chip.className = `chip ${look} bare`;
  };
  const ends = (item) => item.do === "complete" || item.do === "fail";
  const show = async (state) => {
    const items = await waiting(), left = items.filter(ends).length;
    items.filter(ends).forEach((item) => { mark(item, "To send", "look"); close(item); });
    const things = `${items.length} ${items.length === 1 ? "thing waits" : "things wait"} and ${items.length === 1 ? "is" : "are"} sent once`;
    if (state === "sign-in") say("Sign in again.", `${things} when you have.`, true);
    else if (!navigator.onLine || state === "lost") say("No signal. Keep working.", items.length ? `${things} when you are back.` : "What you do is kept here and sent when you are back.", items.length > 0);
    else if (items.length) say("Sending.", `${things}.`, true);
    else say("");
    return left;
  };
  const close = (item) => {
    const work = stop(item.order);
    if (!work) return;
    work.open = false;
    work.querySelectorAll("[data-work] button[type=submit]").forEach((button) => { button.disabled = true; });
  };
  const finish = (item) => {
    mark(item, item.do === "complete" ? "Done" : "Given back", item.do === "complete" ? "ok" : "look");
    const bar = document.getElementById("done-bar");
    bar.value += 1;
    document.getElementById("done-n").textContent = bar.value;
  };
  const reopen = (item, why) => {
    mark(item, "Look again", "bad");
    const work = stop(item.order);
    if (!work) { say("Not taken.", why); return; }
    work.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = false; });
    const form = work.querySelector(`form[data-do="${item.do}"]`);
    if (form) form.querySelector("[data-error]").textContent = why;
    work.open = true;
  };

  // --- sending: one at a time, in the order that things were done ---
  let sending = false;
  const send = async () => {
    if (sending) return;
    if (!navigator.onLine) { await show("lost"); return; }
    sending = true;
    let state = "";
    try {
      for (const item of await waiting()) {
        const {who: _, kept, ...sent} = item;
        let answer;
        try {
          answer = await fetch(body.dataset.send, {method: "POST", credentials: "same-origin", redirect: "manual", headers: {"Content-Type": "application/json", "X-CSRFToken": token()}, body: JSON.stringify(sent)});
        } catch { state = "lost"; break; }
        if (answer.type === "opaqueredirect" || answer.status === 403 && !(answer.headers.get("Content-Type") || "").includes("json")) { state = "sign-in"; break; }
        if (answer.status >= 500) { state = "lost"; break; }
        const told = await answer.json().catch(() => null);
        if (!told) { state = "lost"; break; }
        await drop(item.key);
        if (told.done && ends(item) || told.ended) finish(item);
        else if (!told.done) reopen(item, told.why);
      }
    } finally { sending = false; }
    await show(state);
  };

  // --- before a valve: asked now or not at all, since an answer that waits for signal is none ---
  let asked = 0;
  const ask = async (button) => {
    const says = button.parentElement.querySelector("[data-answer]");
    try {
      const key = `${button.dataset.key}:${Date.now()}:${asked++}`;
      const answer = await fetch(body.dataset.send, {method: "POST", credentials: "same-origin", redirect: "manual", headers: {"Content-Type": "application/json", "X-CSRFToken": token()}, body: JSON.stringify({do: "ask", key, order: button.dataset.ask})});
      const told = await answer.json();
      says.textContent = told.done ? told.says.join(" ") : told.why;
    } catch { says.textContent = "No signal: call the office before you turn the valve."; }
  };

  // --- what the crew writes ---
  const bytes = (file) => new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1] || "");
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(file);
  });
  // a telephone's picture is made small enough to send: 1600 px is enough to read a dial
  const small = async (file) => {
    if (!file.type.startsWith("image/") || file.size < 400000) return file;
    try {
      const picture = await createImageBitmap(file), by = Math.min(1, 1600 / Math.max(picture.width, picture.height));
      const canvas = Object.assign(document.createElement("canvas"), {width: picture.width * by, height: picture.height * by});
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return await new Promise((done) => canvas.toBlob((blob) => done(blob || file), "image/jpeg", 0.82));
    } catch { return file; }
  };
  const place = () => new Promise((done) => {
    if (!navigator.geolocation) { done({}); return; }
    const text = (degrees) => degrees.toFixed(6);
    navigator.geolocation.getCurrentPosition((at) => done({latitude: text(at.coords.latitude), longitude: text(at.coords.longitude)}), () => done({}), {timeout: 4000, maximumAge: 60000, enableHighAccuracy: true});
  });
  const gather = async (form) => {
    const item = {do: form.dataset.do, key: form.dataset.key, order: form.dataset.order, premise: form.dataset.premise, done_at: new Date().toISOString(), fields: {}, taken: [], words: "", who, kept: Date.now(), later: true};
    for (const [name, value] of new FormData(form)) {
      if (value instanceof File) { if (value.size) item.taken.push({kind: name, name: value.name || `${name}.jpg`, body: await bytes(await small(value))}); }
      else if (name.startsWith("f.")) { if (value.trim()) item.fields[name.slice(2)] = value.trim(); }
      else if (name === "words" || name === "code" || name === "says") item[name] = value.trim();
    }
    form.querySelectorAll("canvas[data-sign]").forEach((canvas) => {
      if (canvas.dataset.signed) item.taken.push({kind: "signature", name: "signature.png", body: canvas.toDataURL("image/png").split(",")[1]});
    });
    return item;
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-do]");
    if (!form) return;
    event.preventDefault();
    form.querySelector("[data-error]").textContent = "";
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    try {
      const item = await gather(form);
      if (item.do !== "hazard") Object.assign(item, await place());
      await keep(item);
      if (item.do === "hazard") { form.reset(); form.querySelector("[data-error]").textContent = "Kept, and sent when there is signal."; button.disabled = false; form.dataset.key += "+"; }
    } catch (error) {
      form.querySelector("[data-error]").textContent = `It could not be kept on this telephone: ${error.message}. Write it on paper.`;
      button.disabled = false;
      return;
    }
    await show();
    await send();
  });
  document.addEventListener("click", async (event) => {
    const seen = event.target.closest("[data-confirm]");
    if (seen) {
      const work = seen.closest("details[data-order]");
      await keep({do: "warning", key: seen.dataset.key, order: work.dataset.order, who, kept: Date.now()});
      work.querySelector("[data-warned]").hidden = true;
      work.querySelector("[data-work]").hidden = false;
      await send();
    }
    const asks = event.target.closest("[data-ask]");
    if (asks) await ask(asks);
    if (event.target.closest("[data-try]")) await send();
    const clear = event.target.closest("[data-clear]");
    if (clear) {
      const canvas = clear.closest(".collect").querySelector("canvas");
      canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      delete canvas.dataset.signed;
    }
  });
  document.querySelectorAll("canvas[data-sign]").forEach((canvas) => {
    const pen = canvas.getContext("2d");
    const at = (event) => { const box = canvas.getBoundingClientRect(); return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height]; };
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); pen.lineWidth = 3; pen.lineCap = "round"; pen.beginPath(); pen.moveTo(...at(event)); canvas.dataset.drawing = "1"; });
    canvas.addEventListener("pointermove", (event) => { if (!canvas.dataset.drawing) return; pen.lineTo(...at(event)); pen.stroke(); canvas.dataset.signed = "1"; });
    canvas.addEventListener("pointerup", () => { delete canvas.dataset.drawing; });
  });

  window.addEventListener("online", send);
  window.addEventListener("offline", () => show("lost"));
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(body.dataset.worker).catch(() => {});
  show().then(send);
})();

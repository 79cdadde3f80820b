/* The keys of the desk. Every page works without this file: it only presses what is on the page. */
"use strict";
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const typing = (el) => el.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
  const closed = (el) => el.getAttribute("aria-disabled") === "true";
  const letters = { get on() { return localStorage.getItem("letters") !== "off"; },
    set on(yes) { localStorage.setItem("letters", yes ? "on" : "off"); } };

  /* ---- search: arrows, Enter, Esc ---- */
  const box = $("#q");
  const found = () => $("#found");
  const rows = () => (found() ? $$("a[data-hit]", found()) : []);
  const show = (open) => {
    if (!found()) return;
    found().hidden = !open || !found().childElementCount;
    box.setAttribute("aria-expanded", String(!found().hidden));
    if (found().hidden) box.removeAttribute("aria-activedescendant");
  };
  const point = (to) => {
    const all = rows();
    if (!all.length) return;
    const now = all.findIndex((a) => a.classList.contains("at"));
    const next = (now + to + all.length) % all.length;
    all.forEach((a, i) => { a.classList.toggle("at", i === next); a.setAttribute("aria-selected", String(i === next)); });
    all[next].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", all[next].id);
  };
  if (box) {
    box.addEventListener("keydown", (e) => {
      if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); show(true); point(e.key === "ArrowDown" ? 1 : -1); }
      else if (e.key === "Enter") {
        const at = !found().hidden && found().dataset.q === box.value.trim() && $("a.at", found());
        const to = at && (e.ctrlKey ? at.dataset.pay : at.href);
        if (e.ctrlKey) e.stopPropagation();  // the page's own strip is not meant
        if (to) { e.preventDefault(); location.assign(to); }
      } else if (e.key === "Escape") {
        e.preventDefault(); e.stopPropagation();
        if (!found().hidden) show(false); else box.blur();
      }
    });
    box.addEventListener("focus", () => show(true));
    document.addEventListener("htmx:afterSwap", (e) => {
      if (e.target.id === "found") { show(document.activeElement === box); const first = rows()[0]; if (first) box.setAttribute("aria-activedescendant", first.id); }
    });
    document.addEventListener("click", (e) => { if (!e.target.closest(".search")) show(false); });
    document.addEventListener("focusin", (e) => { if (!e.target.closest(".search")) show(false); });
  }

  /* ---- the keys that a page offers ---- */
  const keysDialog = () => {
    const dialog = $("#keys");
    if (!dialog) return;
    if (!dialog.dataset.filled) {
      fetch($("[data-keys]").href, { headers: { "HX-Request": "true" } }).then((r) => r.text()).then((html) => {
        dialog.innerHTML = html;
        dialog.dataset.filled = "1";
        const here = $("[data-here]", dialog);
        const offered = $$("[data-key]").filter((el) => el.offsetParent);
        if (here && offered.length) {
          for (const el of offered) {
            const dt = document.createElement("dt"), dd = document.createElement("dd"), kbd = document.createElement("kbd");
            kbd.textContent = el.dataset.key;
            dt.append(kbd);
            dd.textContent = [...el.childNodes].filter((n) => n.nodeName !== "KBD").map((n) => n.textContent).join("").trim();
            $("dl", here).append(dt, dd);
          }
          here.hidden = false;
        }
        const box = $("[data-letters]", dialog);
        if (box) box.checked = letters.on;
        dialog.showModal();
      });
    } else dialog.showModal();
  };
  let going = 0;
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey && e.key === "Enter") {
      const button = $$("[data-do]").find((el) => el.offsetParent);
      if (button && !closed(button)) { e.preventDefault(); button.click(); }
      return;
    }
    if (e.altKey && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
      const links = $$("main tbody tr").map((tr) => $("a", tr)).filter(Boolean);
      const row = document.activeElement.closest("tr");
      const now = row ? links.findIndex((a) => row.contains(a)) : -1;
      const next = links[e.key === "ArrowDown" ? now + 1 : Math.max(now - 1, 0)];
      if (next) { e.preventDefault(); next.focus(); }
      return;
    }
    if (e.ctrlKey || e.metaKey || e.altKey || $("dialog[open]:modal")) return;
    if (e.key === "Escape") {
      const leave = $("[data-leave]");
      if (typing(e.target)) e.target.blur();
      else if (leave) location.assign(leave.href);
      return;
    }
    if (typing(e.target)) return;
    if (e.key === "/") { if (box) { e.preventDefault(); box.focus(); box.select(); } return; }
    if (e.key === "?") { e.preventDefault(); keysDialog(); return; }
    if (!letters.on || e.key.length !== 1) return;
    if (e.key === "g") { going = Date.now(); return; }
    const chosen = Date.now() - going < 1500 ? $(`[data-go="${CSS.escape(e.key)}"]`)
      : $$(`[data-key="${CSS.escape(e.key)}"]`).find((el) => el.offsetParent);
    going = 0;
    if (chosen && !closed(chosen)) { e.preventDefault(); chosen.click(); }
  });

  /* ---- forms ---- */
  document.addEventListener("keydown", (e) => {
    /* a payment is read out field by field: Enter goes on, only the strip's button takes the money */
    if (e.key !== "Enter" || e.ctrlKey || e.target.nodeName !== "INPUT" || !e.target.closest("[data-enter-next]")) return;
    if (["submit", "button"].includes(e.target.type)) return;
    e.preventDefault();
    const fields = $$("input:not([type=hidden]), select, [data-do]", e.target.form).filter((el) => el.offsetParent);
    const next = fields[fields.indexOf(e.target) + 1];
    if (next) { next.focus(); if (next.select) next.select(); }
  });
  document.addEventListener("htmx:afterSwap", (e) => {
    /* a read of the edit list was decided: the next one has the cursor; refused: stay in this one */
    const was = e.detail.target;
    if (!was?.matches?.("[data-case]")) return;
    const row = document.getElementById(was.id);
    const next = (row && $("[aria-invalid=true]", row)) || $$("[data-case] input[name=reason]").find((el) => !row || row.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_FOLLOWING);
    if (next) next.focus();
  });
  document.addEventListener("htmx:afterSwap", (e) => {
    /* a read was kept: go to the next meter's field; refused: stay in this one */
    if (e.target.nodeName !== "TR" && e.detail.target?.nodeName !== "TR") return;
    const row = document.getElementById(e.detail.target.id);
    const bad = row && $("[aria-invalid=true]", row);
    const next = bad || $$("[data-next-row] input[name=register]").find((el) => !row || row.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_FOLLOWING);
    if (next) { next.focus(); next.select(); }
  });
  document.addEventListener("htmx:oobAfterSwap", (e) => {
    /* an error slot was filled or emptied: its field says so too */
    const field = e.target.id?.startsWith("e-") && document.getElementById(e.target.id.slice(2));
    if (field) { if (document.getElementById(e.target.id)?.textContent.trim()) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid"); }
  });
  addEventListener("pageshow", () => $$("form[hx-trigger]").forEach((form) => {
    /* typed before this script was there, or kept by the browser: say now what it does */
    if ($$("input:not([type=hidden], [type=radio], [type=checkbox]), textarea", form).some((el) => el.value !== el.defaultValue)) form.dispatchEvent(new Event("change"));
  }));
  document.addEventListener("submit", (e) => {
    if (e.target.method !== "post" || e.target.closest("dialog")) return;
    if (e.target.dataset.sent && Date.now() - e.target.dataset.sent < 4000) e.preventDefault();
    else e.target.dataset.sent = Date.now();
  });
  addEventListener("pageshow", () => $$("form[data-sent]").forEach((f) => delete f.dataset.sent));
  document.addEventListener("click", (e) => {
    const el = e.target.closest("[aria-disabled=true], [data-keys], [data-print], [data-fill], [data-close]");
    if (!el) return;
    if (closed(el)) e.preventDefault();
    else if ("keys" in el.dataset) { e.preventDefault(); keysDialog(); }
    else if ("print" in el.dataset) { e.preventDefault(); print(); }
    else if ("close" in el.dataset) el.closest("dialog").close();
    else if ("fill" in el.dataset) {
      e.preventDefault();
      const into = document.getElementById(el.dataset.into);
      into.value = el.dataset.fill;
      into.dispatchEvent(new Event("input", { bubbles: true }));
      into.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
  document.addEventListener("change", (e) => { if ("letters" in e.target.dataset) letters.on = e.target.checked; });
  $$("[data-letters]").forEach((el) => { el.checked = letters.on; });
  if (new URLSearchParams(location.search).has("print") && $("[data-print]")) addEventListener("load", () => print());

  /* ---- the tab of the section in sight ---- */
  const tabs = $$(".tabs a[href^='#']");
  if (tabs.length && "IntersectionObserver" in window) {
    const sections = tabs.map((a) => $(a.getAttribute("href"))).filter(Boolean);
    const stack = ($(".acct")?.offsetHeight || 0) + ($(".bar")?.offsetHeight || 0) + 24;
    const mark = () => {
      const under = sections.filter((s) => s.getBoundingClientRect().top <= stack + 40);
      const end = innerHeight + scrollY >= document.body.scrollHeight - 4;
      const now = end ? sections.at(-1) : under.at(-1) || sections[0];
      tabs.forEach((a) => a.getAttribute("href") === `#${now.id}` ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current"));
    };
    addEventListener("scroll", () => requestAnimationFrame(mark), { passive: true });
    mark();
  }
})();

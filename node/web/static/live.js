// What only a script can do on these pages. Each page is whole without it; it
// asks nobody but this node, and keeps what it keeps in this browser alone.
(() => {
  "use strict";

  const kept = {
    get(name, otherwise) {
      try { return JSON.parse(localStorage.getItem("instar." + name)) ?? otherwise; } catch { return otherwise; }
    },
    set(name, value) {
      try { localStorage.setItem("instar." + name, JSON.stringify(value)); } catch { /* not allowed to keep anything */ }
    },
  };

  // The theme that was chosen, before anything is shown. An address that has one
  // of its own comes first; it is how a theme is chosen without a script.
  const root = document.documentElement;
  const asked = new URLSearchParams(location.search);
  const paint = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme; else delete root.dataset.theme;
    document.querySelector('meta[name="color-scheme"]').content = root.dataset.theme ?? "light dark";
  };
  if (!asked.has("theme")) paint(kept.get("theme", ""));

  addEventListener("DOMContentLoaded", begin);

  function begin() {
    const here = location.pathname;
    const words = document.body.dataset; // in the language of the page, which addresses keep
    const make = (tag, attributes, text) => {
      const e = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
      e.textContent = text;
      return e;
    };

    // A theme is changed at once, and remembered. Where the address has one, all
    // links of the page do, and another is an address, too.
    const themes = [...document.querySelectorAll("[data-theme-is]")];
    const chosen = (theme) => {
      for (const a of themes) if (a.dataset.themeIs === theme) a.setAttribute("aria-current", "true"); else a.removeAttribute("aria-current");
    };
    if (!asked.has("theme")) chosen(root.dataset.theme ?? "system");
    for (const a of themes) {
      a.addEventListener("click", (event) => {
        kept.set("theme", a.dataset.themeIs);
        if (asked.has("theme") || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        paint(a.dataset.themeIs);
        chosen(a.dataset.themeIs);
      });
    }

    // Folded comments stay folded; the last thousand are remembered.
    const folded = new Set(kept.get("folded", []));
    const fold = (within) => {
      for (const d of within.querySelectorAll(".replies li[id] > details")) {
        if (folded.has(d.parentElement.id)) d.open = false;
      }
    };
    fold(document);
    document.addEventListener("toggle", (event) => {
      const d = event.target;
      if (!(d instanceof HTMLDetailsElement) || !d.parentElement?.id?.startsWith("c-")) return;
      if (d.open) folded.delete(d.parentElement.id); else folded.add(d.parentElement.id);
      kept.set("folded", [...folded].slice(-1000));
    }, true);

    // A reading list of this browser.
    const most = 50;
    let list = kept.get("list", []);
    const listAddress = () => {
      const q = new URLSearchParams();
      for (const of of list) q.append(of[0], of.slice(2));
      for (const name of ["ui", "theme"]) if (asked.has(name)) q.set(name, asked.get(name));
      return "/list" + (String(q) && "?" + q);
    };
    const nav = document.querySelector("header nav");
    const mine = make("a", { href: listAddress() }, words.mine);
    const showList = () => {
      mine.href = listAddress();
      mine.hidden = list.length === 0;
    };
    nav?.append(mine);
    showList();
    const page = here.match(/^\/([mu])\/([^/]+)$/);
    const head = document.querySelector("main .head");
    if (page && head) {
      const of = page[1] + "/" + decodeURIComponent(page[2]);
      const star = make("button", { type: "button", class: "star" }, "");
      const show = () => {
        const on = list.includes(of);
        star.textContent = on ? words.listed : words.add;
        star.setAttribute("aria-pressed", String(on));
      };
      star.addEventListener("click", () => {
        list = list.includes(of) ? list.filter((x) => x !== of) : [...list, of].slice(-most);
        kept.set("list", list);
        show();
        showList();
      });
      show();
      head.append(star);
    }

    // The list of an address, which somebody shared, becomes this browser's; who
    // presses again has the one of before.
    const shared = ["m", "u"].flatMap((of) => asked.getAll(of).map((name) => of + "/" + name)).slice(-most);
    if (here === "/list" && head && shared.length) {
      const before = list;
      const keep = make("button", { type: "button", class: "star" }, words.keep);
      const isKept = () => list.length === shared.length && shared.every((of) => list.includes(of));
      const show = () => keep.setAttribute("aria-pressed", String(isKept()));
      keep.addEventListener("click", () => {
        list = isKept() ? before : shared;
        kept.set("list", list);
        show();
        showList();
      });
      show();
      if (!isKept()) head.append(keep);
    }

    // The reader's own server is remembered here, and only here.
    for (const field of document.querySelectorAll('form[action="/follow"] input[name="as"]')) {
      if (!field.value) field.value = kept.get("as", "");
      field.form.addEventListener("submit", () => kept.set("as", field.value.trim()));
    }

    // What is new on a thread or list is offered, never pushed under the reader's eyes.
    const lists = /^\/(?:[mu]\/[^/]+|post\/[^/]+|comment\/[^/]+|list)?$/;
    const parameters = new URLSearchParams(location.search);
    const line = navigator.connection;
    const metered = line && (line.saveData || line.type === "cellular");
    if (!lists.test(here) || parameters.has("after") || metered || !window.EventSource) return;
    const places = ["#comments", "main .replies", ".primary .lines", ".primary .empty"];
    const wanted = new URLSearchParams(); // what of the address says which things are listed
    for (const [name, value] of parameters) if (["show", "lang", "type", "m", "u"].includes(name)) wanted.append(name, value);
    const shows = String(wanted) && "?" + wanted;
    const place = () => places.map((s) => document.querySelector(s)).find(Boolean);
    let known = null, source = null;
    const offer = make("button", { type: "button", class: "fresh" }, words.fresh);
    const status = make("div", { role: "status", class: "fresh-place" }, "");
    const update = async () => {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const old = place();
      const now = places.map((s) => fresh.querySelector(s)).find(Boolean);
      if (!old || !now) { location.reload(); return; }
      const had = new Set([...document.querySelectorAll("main [id]")].map((e) => e.id));
      const node = document.importNode(now, true);
      for (const e of node.querySelectorAll(".replies li[id]")) if (!had.has(e.id)) e.classList.add("new");
      old.replaceWith(node);
      fold(node);
      offer.remove();
    };
    offer.addEventListener("click", () => { update().catch(() => location.reload()); });
    const watch = () => {
      if (source || document.hidden) return;
      source = new EventSource("/events?of=" + encodeURIComponent(decodeURIComponent(here) + shows));
      source.addEventListener("mark", (event) => {
        if (known !== null && known !== event.data) {
          const at = place();
          if (at && !status.isConnected) at.before(status);
          status.append(offer);
        }
        known = event.data;
      });
      source.addEventListener("error", () => {
        if (source?.readyState === EventSource.CLOSED) source = null; // refused: not asked again
      });
    };
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) { source?.close(); source = null; } else watch();
    });
    addEventListener("pagehide", () => { source?.close(); source = null; });
    watch();
  }
})();

// Searching as you type: what the address bar, the box and a screen reader are told.
const box = () => document.getElementById("q");
const form = () => document.getElementById("ask");

// Half a word in an input method is no question yet; the finished one is.
document.addEventListener("input", (event) => {
  if (event.target.id === "q" && event.isComposing) event.stopImmediatePropagation();
}, true);
document.addEventListener("compositionend", (event) => {
  if (event.target.id === "q") event.target.dispatchEvent(new InputEvent("input", { bubbles: true }));
}, true);

// The first letter of a new question makes a new entry in the history, the letters after it replace that entry: the
// back button leads to the question before, not through every letter of this one.
let typing = false;
let submitted = false;
let timer;
const rest = () => { typing = false; };
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement !== form()) { rest(); return; }
  for (const [name, value] of [...ctx.request.body]) if (!value) ctx.request.body.delete(name);
  submitted = ctx.sourceEvent?.type === "submit";
  if (ctx.sourceEvent?.type === "input") ctx.request.headers["HX-Typing"] = "true";
  ctx.push = typing ? null : "true";
  ctx.replace = typing ? "true" : null;
});
document.addEventListener("htmx:after:history:update", ({ detail: { sourceElement } }) => {
  if (sourceElement !== form()) return; // only an answered question has an entry that can be replaced
  typing = !submitted;
  clearTimeout(timer);
  timer = setTimeout(rest, 8000);
});
// While one types, an answer may be to the word that was begun (the page says so). Once the typing rests, the question
// is asked as it stands; but nothing is taken from under a reader who has gone on to the hits.
let resting;
const rested = () => { if (document.activeElement === box() && window.scrollY < 40) form().dispatchEvent(new Event("rest")); };
document.addEventListener("input", (event) => { if (event.target.id === "q") clearTimeout(resting); }, true);
document.addEventListener("htmx:after:swap", () => {
  clearTimeout(resting);
  if (document.querySelector("#main [data-begun]")) resting = setTimeout(rested, 1500);
});
document.addEventListener("focusout", (event) => { if (event.target.id === "q") rest(); });

// Only an answer is put in the place of an answer. An overloaded or broken server, a proxy's error or no network become
// one line above the old results, and typing on tries again.
const trouble = (name) => {
  const line = document.getElementById("trouble");
  line.hidden = !name;
  line.textContent = name ? line.dataset[name] : "";
};
document.addEventListener("htmx:before:swap", (event) => {
  const { response } = event.detail.ctx;
  if (!response) return;
  if (response.status === 429 || response.status >= 500 || !response.headers.get("Content-Type")?.startsWith("text/html")) {
    trouble(response.status === 429 ? "busy" : "offline");
    event.preventDefault();
  }
});
document.addEventListener("htmx:error", ({ detail }) => { if (detail.ctx?.request) trouble("offline"); });

// Where more hits were added, the keyboard goes on at the first of them.
let last;
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  last = ctx.sourceElement?.closest?.(".more") ? [...document.querySelectorAll("main .hits .open")].at(-1) : null;
});
const goOn = () => {
  const all = [...document.querySelectorAll("main .hits .open")];
  all[all.indexOf(last) + 1]?.focus({ preventScroll: true });
  last = null;
};

// After a swap the box shows the question that was answered, unless it is the box that asked; and the count is said
// once the typing rests.
let saying;
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  trouble(null);
  if (last) goOn();
  const results = document.querySelector("#main .results");
  if (results && box() && ctx.sourceElement !== form() && ctx.target?.id === "main") box().value = results.dataset.query;
  if (ctx.sourceElement === form() && ctx.target?.id === "main") window.scrollTo({ top: 0, behavior: "instant" });
  clearTimeout(saying);
  saying = setTimeout(() => {
    const line = document.getElementById("announce");
    const count = document.querySelector("#main [data-announce]");
    if (line && count) line.textContent = count.textContent.trim().replace(/\s+/g, " ");
  }, 500);
});

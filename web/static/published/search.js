// Search without a server, on the published search page: a keyword index as plain files, read only as far as needed.
import { tokens } from "./tokens.js";

const root = new URL("../../../", import.meta.url);
const PAGE = 20;
const SAID = {
  en: { one: "1 match", many: "# matches", none: "Nothing found", more: "More", failed: "The index could not be read." },
  ja: { one: "1件", many: "#件", none: "見つかりません", more: "もっと見る", failed: "索引を読み込めませんでした。" },
  zh: { one: "1 条结果", many: "# 条结果", none: "没有找到", more: "更多", failed: "无法读取索引。" },
};
const say = SAID[globalThis.document?.documentElement.lang.slice(0, 2)] ?? SAID.en;

const read = new Map();
const load = (name) => {
  if (!read.has(name)) {
    read.set(name, fetch(new URL(`search/${name}`, root)).then((answer) => {
      if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
      return answer.json();
    }));
  }
  return read.get(name);
};

/** FNV-1a over the bytes of the word, as the index was cut by. */
export const shard = (word, shards) => {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(word)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return state % shards;
};

const FIELDS = {
  section: "section", kind: "kind", site: "host", host: "host", lang: "language", language: "language",
  issue: "issue", year: "year", after: "after", from: "after", before: "before", to: "to",
};

/** The words of a question, those that must or must not occur, and its conditions. */
export const understand = (text) => {
  const asked = { words: [], must: [], not: [], conditions: [] };
  const rest = text.replace(/[“”„]/g, '"').replace(/(^|\s)(-?)(?:([a-z]+):)?("[^"]*"|\S+)/giu, (all, space, minus, name, value) => {
    const plain = value.replace(/^"|"$/g, "");
    const field = name && FIELDS[name.toLowerCase()];
    if (field) asked.conditions.push([field, field === "section" ? plain : plain.split(",")].flat());
    else if (minus) asked.not.push(tokens(name ? `${name}:${plain}` : plain));
    else if (value.startsWith('"') && !name) { asked.must.push(...tokens(plain)); return ` ${plain}`; }
    else return all;
    return " ";
  });
  asked.words = tokens(rest);
  return asked;
};

const conditioned = (about, items, conditions) => {
  const same = (a, b) => a.toLowerCase() === b.toLowerCase();
  const checks = conditions.map(([field, ...values]) => (at) => values.some((value) => {
    const issue = about.issues[items.issue[at]];
    const date = issue.date ?? (issue.year ? String(issue.year) : "");
    switch (field) {
      case "issue": return String(issue.number) === value;
      case "year": return date.slice(0, 4) === value;
      case "after": return date >= value;
      case "before": return date !== "" && date < value;
      case "to": return date !== "" && date.slice(0, value.length) <= value;
      case "host": { const host = about.hosts[items.host[at]] ?? ""; return same(host, value) || host.endsWith(`.${value.toLowerCase()}`); }
      default: return same(about[`${field}s`][items[field][at]] ?? "", value);
    }
  }));
  return (at) => checks.every((check) => check(at));
};

// A work that was printed several times is shown through its best item.
const once = (items, ranked) => {
  const seen = new Set();
  return ranked.filter((at) => {
    const work = items.work[at];
    if (work >= 0 && seen.has(work)) return false;
    seen.add(work);
    return true;
  });
};

/** Places of the items that answer, best first (BM25, and the more of the question's words the better). */
export const search = async (text, more = []) => {
  const [about, items] = await Promise.all([load("about.json"), load("items.json")]);
  const { words, must, not, conditions } = understand(text);
  const total = items.id.length;
  const postings = async (word) => {
    const file = await load(`words/${shard(word, about.shards)}.json`);
    return Object.hasOwn(file, word) ? file[word] : [];
  };
  const holding = async (word) => new Set((await postings(word)).filter((_, i) => i % 2 === 0));
  const fits = conditioned(about, items, [...conditions, ...more]);
  const needed = await Promise.all(must.map(holding));
  const refused = await Promise.all(not.map(async (group) => Promise.all(group.map(holding))));
  const allowed = (at) => fits(at) && needed.every((set) => set.has(at))
    && !refused.some((sets) => sets.length && sets.every((set) => set.has(at)));

  const scores = new Map();
  const weights = new Map();
  let most = 0;
  for (const word of new Set(words)) {
    const found = await postings(word);
    const count = found.length / 2;
    const rarity = Math.log(1 + (total - count + 0.5) / (count + 0.5));
    most += rarity;
    for (let i = 0; i < found.length; i += 2) {
      const [at, times] = [found[i], found[i + 1]];
      if (!allowed(at)) continue;
      const norm = 1.2 * (0.25 + (0.75 * items.length[at]) / about.average);
      scores.set(at, (scores.get(at) ?? 0) + (rarity * times * 2.2) / (times + norm));
      weights.set(at, (weights.get(at) ?? 0) + rarity);
    }
  }
  if (!words.length && (conditions.length || more.length)) {
    const date = (at) => about.issues[items.issue[at]].date ?? "";
    const all = [...items.id.keys()].filter(allowed);
    return once(items, all.sort((a, b) => date(b).localeCompare(date(a)) || a - b));
  }
  const score = (at) => scores.get(at) * (weights.get(at) / most);
  return once(items, [...scores.keys()].sort((a, b) => score(b) - score(a) || a - b));
};

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
};

const hit = async (at) => {
  const [about, items] = await Promise.all([load("about.json"), load("items.json")]);
  const texts = await load(`texts/${Math.floor(at / about.texts)}.json`);
  const issue = about.issues[items.issue[at]];
  const lang = about.languages[items.language[at]];
  const where = element("p", { class: "where" }, element("a", { href: new URL(`issues/${issue.id}.html`, root) },
    issue.number === null ? issue.title : `№ ${issue.number}`), " ", issue.date ? element("time", { datetime: issue.date }, issue.date) : "");
  const meta = [about.sections[items.section[at]], about.kinds[items.kind[at]], about.hosts[items.host[at]]].filter(Boolean);
  return element("li", { class: "hit" }, where, element("div", { class: "what" },
    element("h2", {}, element("a", { class: "open", href: new URL(`items/${items.id[at]}.html`, root), lang }, items.title[at])),
    texts[at % about.texts] ? element("p", { class: "said", lang }, texts[at % about.texts]) : "",
    element("p", { class: "meta" }, ...meta.map((part) => element("span", {}, part)))));
};

const start = () => {
  const box = document.getElementById("q");
  const form = document.getElementById("ask");
  const main = document.getElementById("main");
  const blank = [...main.childNodes];
  let latest = 0;

  const show = async () => {
    const turn = ++latest;
    const query = new URLSearchParams(location.search);
    const text = query.get("q") ?? "";
    if (document.activeElement !== box) box.value = text;
    const more = [...query].filter(([name, value]) => name !== "q" && Object.hasOwn(FIELDS, name) && value)
      .map(([name, value]) => [FIELDS[name], value]);
    if (!text.trim() && !more.length) { main.replaceChildren(...blank); return; }
    const found = await search(text, more);
    const count = found.length === 1 ? say.one : found.length ? say.many.replace("#", found.length.toLocaleString()) : say.none;
    const list = element("ol", { class: "hits" });
    const button = element("button", { type: "button", class: "plain" }, say.more);
    const go = async () => {
      const from = list.children.length;
      list.append(...await Promise.all(found.slice(from, from + PAGE).map(hit)));
      button.hidden = list.children.length >= found.length;
      list.children[from]?.querySelector(".open").focus({ preventScroll: true });
    };
    list.append(...await Promise.all(found.slice(0, PAGE).map(hit)));
    if (turn !== latest) return;
    button.hidden = found.length <= PAGE;
    button.addEventListener("click", go);
    const named = more.map(([, value]) => value).join(", ");
    main.replaceChildren(element("div", { class: "results" }, element("header", { class: "tally" },
      element("h1", { class: "count" }, count, named ? ` · ${named}` : "")), list, element("p", { class: "after" }, button)));
    const said = document.getElementById("announce");
    if (said) said.textContent = count;
  };
  const tried = () => show().catch((error) => { main.replaceChildren(element("p", { class: "aside" }, say.failed)); throw error; });

  const ask = (remember) => {
    const query = new URLSearchParams(box.value.trim() ? { q: box.value } : {});
    history[remember](null, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
    tried();
  };
  let timer;
  box.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!event.isComposing) timer = setTimeout(() => ask("replaceState"), 150);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); ask("pushState"); });
  window.addEventListener("popstate", tried);
  tried();
};
if (globalThis.document?.getElementById("ask")) start();

// Search without a server, on the published search page: a keyword index as plain files, read only as far as needed.
import { stretches, tokens } from "./tokens.js";

const root = new URL("../../../", import.meta.url);
const PAGE = 20;
const SAID = {
  en: { one: "1 match", many: "# matches", none: "Nothing found", more: "More", failed: "The index could not be read.",
    help: "This copy of the archive finds only items that hold a word of the question. Try other words, or fewer conditions." },
  ja: { one: "1件", many: "#件", none: "見つかりません", more: "もっと見る", failed: "索引を読み込めませんでした。",
    help: "この複製は質問の語を含む項目だけを見つけます。別の語で、または条件を減らして試してください。" },
  zh: { one: "1 条结果", many: "# 条结果", none: "没有找到", more: "更多", failed: "无法读取索引。",
    help: "这份副本只能找到含有问题中词语的条目。请换个说法，或减少条件。" },
};
const spoken = globalThis.document?.documentElement.lang.slice(0, 2) ?? "en";
const say = SAID[spoken] ?? SAID.en;
const days = new Intl.DateTimeFormat(spoken === "en" ? "en-GB" : spoken,
  { day: "numeric", month: spoken === "en" ? "short" : "long", year: "numeric", timeZone: "UTC" });

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
  issue: "issue", year: "year", after: "after", from: "after", before: "before", to: "to", newsletter: "newsletter",
};
const WHOLE = ["section", "newsletter"]; // their values may hold a comma

/** The words of a question, those that must or must not occur, and its conditions. */
export const understand = (text) => {
  const asked = { words: [], must: [], not: [], conditions: [], refused: [] };
  const rest = text.replace(/[“”„]/g, '"').replace(/(^|\s)(-?)(?:([a-z]+):)?("[^"]*"|\S+)/giu, (all, space, minus, name, value) => {
    const plain = value.replace(/^"|"$/g, "");
    const field = name && FIELDS[name.toLowerCase()];
    if (field) asked[minus ? "refused" : "conditions"].push([field, WHOLE.includes(field) ? plain : plain.split(",")].flat());
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
  const within = (number, value) => {
    const [, first, last] = /^#?(\d+)(?:(?:-|\.\.)(\d+))?$/.exec(value) ?? [];
    return first !== undefined && number !== null && +first <= number && number <= +(last ?? first);
  };
  const checks = conditions.map(([field, ...values]) => (at) => values.some((value) => {
    const issue = about.issues[items.issue[at]];
    const date = issue.date ?? (issue.year ? String(issue.year) : "");
    switch (field) {
      case "issue": return within(issue.number, value);
      case "year": return date !== "" && within(+date.slice(0, 4), value);
      case "newsletter": return same(issue.newsletter ?? "", value);
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
  const { words, must, not, conditions, refused } = understand(text);
  const total = items.id.length;
  const postings = async (word) => {
    const file = await load(`words/${shard(word, about.shards)}.json`);
    return Object.hasOwn(file, word) ? file[word] : [];
  };
  const holding = async (word) => new Set((await postings(word)).filter((_, i) => i % 2 === 0));
  const fits = conditioned(about, items, [...conditions, ...more]);
  const unfit = refused.map((condition) => conditioned(about, items, [condition]));
  const needed = await Promise.all(must.map(holding));
  const without = await Promise.all(not.map(async (group) => Promise.all(group.map(holding))));
  const allowed = (at) => fits(at) && needed.every((set) => set.has(at))
    && !unfit.some((meets) => meets(at)) && !without.some((sets) => sets.length && sets.every((set) => set.has(at)));

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
  if (!words.length && (conditions.length || refused.length || more.length)) {
    const date = (at) => about.issues[items.issue[at]].date ?? "";
    const all = [...items.id.keys()].filter(allowed);
    return once(items, all.sort((a, b) => date(b).localeCompare(date(a)) || a - b));
  }
  const score = (at) => scores.get(at) * (weights.get(at) / most);
  return once(items, [...scores.keys()].sort((a, b) => score(b) - score(a) || a - b));
};

/** The question's words that tell an item from the others: not those that half of the items have. */
export const telling = async (text) => {
  const [about, items] = await Promise.all([load("about.json"), load("items.json")]);
  const { words, must } = understand(text);
  const counted = await Promise.all([...new Set(words)].map(async (word) => {
    const file = await load(`words/${shard(word, about.shards)}.json`);
    return Object.hasOwn(file, word) && file[word].length <= items.id.length ? word : null;
  }));
  return new Set([...must, ...counted.filter(Boolean)]);
};

/** The text in pieces, each with whether one of the words stands there. */
export const marked = (text, words) => {
  const pieces = [];
  const add = (from, to, hit) => {
    if (from >= to) return;
    if (pieces.at(-1)?.[1] === hit) pieces.at(-1)[0] += text.slice(from, to); else pieces.push([text.slice(from, to), hit]);
  };
  let at = 0;
  for (const stretch of stretches(text)) {
    if (stretch.end <= at || !stretch.words.some((word) => words.has(word))) continue;
    add(at, stretch.start, false);
    add(Math.max(at, stretch.start), stretch.end, true);
    at = stretch.end;
  }
  add(at, text.length, false);
  return pieces;
};

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
};

/** Whether the first letter of a text is written from right to left. */
export const leftward = (text) => /^\P{L}*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u.test(text);

const lit = (text, words) => marked(text, words).map(([piece, hit]) => (hit ? element("mark", {}, piece) : piece));

const hit = async (at, words) => {
  const [about, items] = await Promise.all([load("about.json"), load("items.json")]);
  const texts = await load(`texts/${Math.floor(at / about.texts)}.json`);
  const issue = about.issues[items.issue[at]];
  const lang = about.languages[items.language[at]];
  const where = element("p", { class: "where" }, element("a", { href: new URL(`issues/${issue.id}.html`, root) },
    issue.name), " ", issue.date ? element("time", { datetime: issue.date }, days.format(new Date(issue.date))) : issue.year ?? "",
  about.several && issue.newsletter ? element("span", { class: "from", dir: "auto" }, issue.newsletter) : "");
  const meta = [about.sections[items.section[at]], about.kinds[items.kind[at]], about.hosts[items.host[at]]].filter(Boolean);
  return element("li", { class: "hit" }, where, element("div", { class: "what", dir: leftward(items.title[at]) && "rtl" },
    element("h2", {}, element("a", { class: "open", href: new URL(`items/${items.id[at]}.html`, root), lang }, ...lit(items.title[at], words))),
    texts[at % about.texts] ? element("p", { class: "said", lang }, ...lit(texts[at % about.texts], words)) : "",
    element("p", { class: "meta" }, ...meta.map((part) => element("span", {}, part)))));
};

const start = () => {
  const box = document.getElementById("q");
  const form = document.getElementById("ask");
  const main = document.getElementById("main");
  const blank = [...main.childNodes];
  const titled = document.title;
  let latest = 0;

  const show = async () => {
    const turn = ++latest;
    const query = new URLSearchParams(location.search);
    const text = query.get("q") ?? "";
    if (document.activeElement !== box) box.value = text;
    const more = [...query].filter(([name, value]) => name !== "q" && Object.hasOwn(FIELDS, name) && value)
      .map(([name, value]) => [FIELDS[name], value]);
    if (!text.trim() && !more.length) { main.replaceChildren(...blank); document.title = titled; return; }
    const [found, words] = await Promise.all([search(text, more), telling(text)]);
    const count = found.length === 1 ? say.one : found.length ? say.many.replace("#", found.length.toLocaleString()) : say.none;
    const list = element("ol", { class: "hits" });
    const button = element("button", { type: "button", class: "plain" }, say.more);
    const go = async () => {
      const from = list.children.length;
      list.append(...await Promise.all(found.slice(from, from + PAGE).map((at) => hit(at, words))));
      button.hidden = list.children.length >= found.length;
      list.children[from]?.querySelector(".open").focus({ preventScroll: true });
    };
    list.append(...await Promise.all(found.slice(0, PAGE).map((at) => hit(at, words))));
    if (turn !== latest) return;
    button.hidden = found.length <= PAGE;
    button.addEventListener("click", go);
    document.title = [text, titled.split(" · ").slice(1).join(" · ")].filter(Boolean).join(" · ");
    const named = more.map(([, value]) => value).join(", ");
    main.replaceChildren(element("div", { class: "results" }, element("header", { class: "tally" },
      element("h1", { class: "count" }, count, named ? ` · ${named}` : "")),
    found.length ? list : element("p", {}, say.help), element("p", { class: "after" }, button)));
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

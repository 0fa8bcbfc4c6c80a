// The same words as the server makes of a text (index/text.py says which and why), for questions asked in the browser.
import { stem } from "./stem.js";

const UNSPACED = "\\u2e80-\\u2fdf\\u3005-\\u3007\\u3021-\\u3029\\u3031-\\u3035\\u303b\\u3041-\\u309f\\u30a1-\\u30fa\\u30fc-\\u30ff"
  + "\\u3105-\\u312f\\u3131-\\u318e\\u31a0-\\u31bf\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\ua960-\\ua97c\\uac00-\\ud7ff"
  + "\\u1100-\\u11ff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}\\u0e01-\\u0e4e\\u0e81-\\u0ece\\u1000-\\u103f\\u1780-\\u17d3";
const MARK = `(?![${UNSPACED}])(?=[\\u0300-\\u2e7f])\\p{M}`;
const WORD = `(?:(?![${UNSPACED}])[\\p{L}\\p{N}]|${MARK})`;
const LETTER = `(?:(?![${UNSPACED}])[\\p{L}\\p{Nl}\\p{No}]|${MARK})`;
const D = "\\p{Nd}";
const RUN = new RegExp(
  `(?<unspaced>[${UNSPACED}]+)`
  + `|(?<named>(?<![\\p{L}\\p{N}])[A-Za-z](?:\\+\\+|#)(?![\\p{L}\\p{N}_]))`
  + `|(?<spaced>${WORD}+(?:(?:[\\-\\u2010_'\\u2019&]|(?<=${D})\\.(?=${D})|(?<=${D}),(?=${D}{3}(?!${D}))`
  + `|(?<=${LETTER})\\.(?=[a-z]))${WORD}+)*)`, "gu");
const SEGMENT = new RegExp(`${WORD}+(?:(?:(?<=${D})\\.(?=${D})|(?<=${D}),(?=${D}))${WORD}+)*`, "gu");
const PART = new RegExp(`${D}+(?:,${D}+)*(?:\\.${D}+)*|${LETTER}+`, "gu");
const LONGEST = 64;
const MOST_PARTS = 5;

const CHEROKEE = /\p{Script=Cherokee}/u;

const cut = (word) => (word.length > LONGEST ? [...word].slice(0, LONGEST).join("") : word);

// Python's casefold: lower case; letters without a single one by way of upper case; Cherokee folds to upper case.
const fold = (word) => {
  if (/^[\x00-\x7f]*$/.test(word)) return word.toLowerCase();
  const folded = [...word].map((c) => (c === "ı" ? c : CHEROKEE.test(c) ? c.toUpperCase() : c.toLowerCase().toUpperCase().toLowerCase())).join("").replaceAll("ς", "σ");
  return folded.normalize("NFD").replace(/(?<=[a-z])[\u0300-\u036f]+/g, "").normalize("NFC");
};

const pairs = (run) => {
  const all = [...fold(run)];
  const found = all.map((_, at) => all.slice(at, at + 2).join(""));
  return found.length > 1 ? found.slice(0, -1) : found;
};

const parts = (text) => {
  const run = text.replace(/(?<=[\p{L}\p{N}_])['\u2019][sS]$/u, "");
  if (/^\p{L}+$/u.test(run) || /[+#]$/.test(run)) return [stem(cut(fold(run)))];
  const segments = [...run.matchAll(SEGMENT)];
  const inner = segments.flatMap(([segment]) => {
    const found = [...segment.matchAll(PART)].map(([part]) => part);
    return found.length <= 3 ? found : [segment];
  });
  const found = inner.map((part) => stem(cut(fold(part.replaceAll(",", "")))));
  if (inner.length < 2 || inner.length > MOST_PARTS) return found;
  let whole = segments[0][0];
  for (let i = 1; i < segments.length; i += 1) {
    const [before, next] = [segments[i - 1], segments[i]];
    const joint = run.slice(before.index + before[0].length, next.index);
    const keep = ["&", ".", "&."].includes(joint) || (/\p{Nd}$/u.test(before[0]) && /^\p{Nd}/u.test(next[0]));
    whole += (keep ? joint.replace("\u2010", "-") : "") + next[0];
  }
  return [cut(fold(whole.replaceAll(",", ""))), ...found];
};

/** The stretches of a text that words are made of: where each starts and ends, and its words; pairs of characters where
    no spaces part them. */
export const stretches = (text) => [...text.matchAll(RUN)].flatMap(({ 0: run, groups, index }) => {
  if (!groups.unspaced) return [{ start: index, end: index + run.length, words: parts(run.normalize("NFKC")) }];
  let at = index;
  const characters = [...run].map((character) => ({ character, start: at, end: at += character.length }));
  if (characters.length === 1) return [{ start: index, end: at, words: pairs(run) }];
  return characters.slice(1).map((next, n) => (
    { start: characters[n].start, end: next.end, words: pairs(characters[n].character + next.character) }));
});

/** What the text is searched by, in its order; repeated words repeat. */
export const tokens = (text) =>
  [...text.normalize("NFKC").matchAll(RUN)].flatMap(({ 0: run, groups }) => (groups.unspaced ? pairs(run) : parts(run)));

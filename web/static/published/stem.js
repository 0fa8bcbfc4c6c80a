// The English stemmer of the Snowball project (Porter 2, as of version 3), in the words of its description: the archive
// was indexed with it, so the question must be cut the same way. A test compares both over many thousands of words.
const KNOWN = {
  skis: "ski", skies: "sky", idly: "idl", gently: "gentl", ugly: "ugli", early: "earli", only: "onli",
  singly: "singl", sky: "sky", news: "news", howe: "howe", atlas: "atlas", cosmos: "cosmos", bias: "bias",
  andes: "andes",
};
const SECOND = {
  tional: "tion", ational: "ate", enci: "ence", anci: "ance", abli: "able", entli: "ent", izer: "ize",
  ization: "ize", ation: "ate", ator: "ate", alism: "al", aliti: "al", alli: "al", fulness: "ful", ousli: "ous",
  ousness: "ous", iveness: "ive", iviti: "ive", biliti: "ble", bli: "ble", ogi: "og", ogist: "og", fulli: "ful",
  lessli: "less", li: "",
};
const THIRD = {
  tional: "tion", ational: "ate", alize: "al", icate: "ic", iciti: "ic", ical: "ic", ful: "", ness: "", ative: "",
};
const FOURTH = [
  "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "ion",
  "al", "er", "ic",
];
const longest = (names) => Object.keys(names).sort((a, b) => b.length - a.length);
const SECOND_ENDINGS = longest(SECOND);
const THIRD_ENDINGS = longest(THIRD);

const after = (word, from) => {
  const found = /[aeiouy][^aeiouy]/.exec(word.slice(from));
  return found ? from + found.index + 2 : word.length;
};
const short = (word) => /[^aeiouy][aeiouy][^aeiouywxY]$|^[aeiouy][^aeiouy]$|past$/.test(word);
const vowel = (word) => /[aeiouy]/.test(word);

const plural = (word) => {
  if (word.endsWith("sses")) return word.slice(0, -2);
  if (/ie[ds]$/.test(word)) return word.slice(0, word.length > 4 ? -2 : -1);
  if (/[us]s$/.test(word) || !word.endsWith("s")) return word;
  return vowel(word.slice(0, -2)) ? word.slice(0, -1) : word;
};

const past = (word, first) => {
  const ending = /(?:eedly|ingly|edly|eed|ing|ed)$/.exec(word)?.[0];
  if (!ending) return word;
  const rest = word.slice(0, -ending.length);
  if (ending.startsWith("ee")) return first <= rest.length && !/^(?:succ|proc|exc)$/.test(rest) ? `${rest}ee` : word;
  if (ending === "ing") {
    if (/^[^aeiouy]y$/.test(rest)) return `${rest.slice(0, -1)}ie`;
    if (/^(?:even|cann|inn|earr|herr|out)$/.test(rest)) return word;
  }
  if (!vowel(rest)) return word;
  if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`;
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(rest)) return /^[aeo]..$/.test(rest) ? rest : rest.slice(0, -1);
  return rest.length === first && short(rest) ? `${rest}e` : rest;
};

const second = (word, first) => {
  const ending = SECOND_ENDINGS.find((one) => word.endsWith(one));
  if (!ending) return word;
  const rest = word.slice(0, -ending.length);
  if (rest.length < first) return word;
  if (ending === "ogi" && !rest.endsWith("l")) return word;
  if (ending === "li" && !/[cdeghkmnrt]$/.test(rest)) return word;
  return rest + SECOND[ending];
};

const third = (word, first, next) => {
  const ending = THIRD_ENDINGS.find((one) => word.endsWith(one));
  if (!ending) return word;
  const rest = word.slice(0, -ending.length);
  return rest.length < (ending === "ative" ? Math.max(first, next) : first) ? word : rest + THIRD[ending];
};

const fourth = (word, next) => {
  const ending = FOURTH.find((one) => word.endsWith(one));
  if (!ending) return word;
  const rest = word.slice(0, -ending.length);
  return rest.length < next || (ending === "ion" && !/[st]$/.test(rest)) ? word : rest;
};

const fifth = (word, first, next) => {
  const rest = word.slice(0, -1);
  if (word.endsWith("e")) return rest.length >= next || (rest.length >= first && !short(rest)) ? rest : word;
  return word.endsWith("ll") && rest.length >= next ? rest : word;
};

/** The word without its ending. What is no lower-case English word of three letters or more is left as it is. */
export const stem = (word) => {
  if (!/^[a-z]{3,}$/.test(word)) return word;
  if (Object.hasOwn(KNOWN, word)) return KNOWN[word];
  let now = word.replace(/^y/, "Y").replace(/([aeiouy])y/g, "$1Y");
  const prefix = /^(?:arsen|commun|emerg|gener|inter|later|organ|past|univers)/.exec(now)?.[0];
  const first = prefix ? prefix.length : after(now, 0);
  const next = after(now, first);
  now = past(plural(now), first);
  now = now.replace(/(.[^aeiouy])[yY]$/, "$1i");
  now = fifth(fourth(third(second(now, first), first, next), next), first, next);
  return now.replaceAll("Y", "y");
};

const LONGEST = 64;
const MOST_EDITS = 2;

/**
 * The name that somebody who wrote `given` probably meant: made of the same words in any order and spelling
 * (`tasks/list`, `list_tasks`, `ListTasks`), up to two typing errors. Undefined where none is that near.
 */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  if (given.length > LONGEST) return undefined;
  const words = sortedWords(given);
  let nearest: string | undefined;
  let fewest = MOST_EDITS + 1;
  for (const name of names) {
    const count = edits(words, sortedWords(name));
    if (count < fewest) [nearest, fewest] = [name, count];
  }
  return nearest;
}

function sortedWords(name: string): string {
  const words =
    name
      .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toLowerCase()
      .match(/[a-z]+/g) ?? [];
  return words.sort().join('');
}

/** Least number of characters to add, drop or change (Levenshtein). */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const [left = 0, above = 0, corner = 0] = [next[j], row[j + 1], row[j]];
      next.push(Math.min(left + 1, above + 1, corner + (from[i] === to[j] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

// Makes the tables of a run: medians with their range, cost ratios, and what became of the targets.
import { median } from './stats.mjs';
import { SUBJECT, targets } from './targets.mjs';

/**
 * @typedef {import('./workload.mjs').Metric} Metric
 * @typedef {import('./workload.mjs').Sample} Sample
 * @typedef {{ name: string, title: string, metrics: readonly Metric[], samples: Record<string, Sample[]> }} Measured
 * @typedef {{ head: string[], rows: string[][] }} Table
 */

/** @param {number} value */
export function format(value) {
  if (!Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/**
 * @param {readonly Sample[]} samples
 * @param {string} key
 */
function valuesOf(samples, key) {
  return samples.map((sample) => Number(sample[key] ?? NaN));
}

/**
 * How many times more `a` costs than `b`: the median over the rounds. Above 1, `a` is worse, whatever the unit.
 *
 * @param {readonly Sample[]} a
 * @param {readonly Sample[]} b
 * @param {Pick<Metric, 'key' | 'better'>} metric
 */
function costRatio(a, b, { key, better }) {
  const others = valuesOf(b, key);
  const ratios = valuesOf(a, key).map((value, round) => {
    const other = others[round] ?? NaN;
    return better === 'higher' ? other / value : value / other;
  });
  return median(ratios.filter(Number.isFinite));
}

/**
 * @param {readonly Sample[]} samples
 * @param {string} key
 */
function spread(samples, key) {
  const values = valuesOf(samples, key).filter(Number.isFinite);
  if (values.length === 0) return '-';
  const middle = format(median(values));
  return values.length === 1
    ? middle
    : `${middle} [${format(Math.min(...values))}..${format(Math.max(...values))}]`;
}

/**
 * @param {readonly Measured[]} measured
 * @param {readonly string[]} servers
 * @returns {Table}
 */
export function figures(measured, servers) {
  const others = servers.filter((name) => name !== SUBJECT && servers.includes(SUBJECT));
  const rows = measured.flatMap(({ name, metrics, samples }) =>
    metrics.map((metric) => [
      ...[name, metric.label],
      ...servers.map((server) => spread(samples[server] ?? [], metric.key)),
      ...others.map((other) => {
        if (metric.absolute) return '';
        return format(costRatio(samples[SUBJECT] ?? [], samples[other] ?? [], metric));
      }),
    ]),
  );
  return { head: ['workload', 'metric', ...servers, ...others.map((other) => `: ${other}`)], rows };
}

/**
 * @param {readonly Measured[]} measured
 * @returns {Table}
 */
export function targetTable(measured) {
  const rows = targets.flatMap(({ workload, key, subject = SUBJECT, against, limit }) => {
    const of = measured.find(({ name }) => name === workload);
    const metric = of?.metrics.find((it) => it.key === key);
    const own = of?.samples[subject];
    if (of === undefined || metric === undefined || own === undefined) return [];
    const reached =
      against === undefined
        ? median(valuesOf(own, key).filter(Number.isFinite))
        : costRatio(own, of.samples[against] ?? [], metric);
    const verdict = Number.isFinite(reached) ? (reached <= limit ? 'met' : 'missed') : 'not measured';
    const row = [workload, metric.label, subject, against ?? '', String(limit), format(reached), verdict];
    return [row];
  });
  return { head: ['workload', 'metric', 'of', 'against', 'target', 'measured', ''], rows };
}

/**
 * What is to be said beside the table, a line each.
 *
 * @param {readonly Measured[]} measured
 */
export function notes(measured) {
  return measured.flatMap(({ name, samples }) =>
    Object.entries(samples).flatMap(([server, all]) => {
      const last = all.find(({ note }) => note?.startsWith('FAILED')) ?? all.at(-1);
      const text = [busy(all), last?.note].filter(Boolean).join('; ');
      return text === '' ? [] : [`${name}, ${server}: ${text}`];
    }),
  );
}

/** @param {readonly Sample[]} samples */
function busy(samples) {
  const loaded = samples.filter(({ serverBusy }) => serverBusy !== undefined);
  if (loaded.length === 0) return '';
  const [server, client] = ['serverBusy', 'clientBusy'].map((key) =>
    Math.round(median(valuesOf(loaded, key)) * 100),
  );
  return `server busy ${server}%, load generator ${client}%`;
}

/**
 * @param {Table} table
 * @returns {string}
 */
export function asText({ head, rows }) {
  const widths = widthsOf(head, rows);
  const line = (/** @type {string[]} */ cells) =>
    cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/**
 * @param {Table} table
 * @returns {string}
 */
export function asMarkdown({ head, rows }) {
  const widths = widthsOf(head, rows);
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function widthsOf(head, rows) {
  return head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i]?.length ?? 0)));
}

import { Ajv2020 } from 'ajv/dist/2020.js';
import { schemas } from './values.mjs';

/** @import { Dialect, Schema } from './values.mjs' */

/** Texts that only our own code writes. */
export const INTERNAL = /node_modules|\.[cm]?[jt]s:\d+|(?:^|\\n)\s+at /;

export const ajv = new Ajv2020({
  strict: false,
  formats: {
    byte: /^(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?$/,
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/,
  },
});
for (const { $id, $defs } of Object.values(schemas)) {
  const closed = Object.fromEntries(Object.entries($defs).map(([name, each]) => [name, withoutMore(each)]));
  ajv.addSchema({ $id, $defs: closed });
}

/**
 * A definition that takes no field it does not name: a server sends what the schema has.
 *
 * @param {Schema} definition
 * @returns {object}
 */
function withoutMore(definition) {
  const isUnion = definition.oneOf?.some(({ $ref }) => $ref !== undefined) ?? false;
  if (definition.properties === undefined || isUnion) return definition;
  return { additionalProperties: false, ...definition };
}

/**
 * What is wrong with a result; undefined where it is as its definition says.
 *
 * @param {Dialect} dialect
 * @param {string} definition
 * @param {unknown} result
 * @returns {string | undefined}
 */
export function faultOfResult(dialect, definition, result) {
  if (definition === 'null') return result === null ? undefined : 'a result that is not null';
  const many = definition.endsWith('[]');
  const name = many ? definition.slice(0, -'[]'.length) : definition;
  const check = ajv.getSchema(`${schemas[dialect].$id}#/$defs/${name}`);
  if (check === undefined) throw new Error(`no definition of ${name} in A2A ${dialect}`);
  const isGood = many ? Array.isArray(result) && result.every((each) => check(each)) : check(result);
  return isGood
    ? undefined
    : `a result that is no ${definition} of A2A ${dialect}: ${ajv.errorsText(check.errors)}`;
}

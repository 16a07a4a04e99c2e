// What a stored answer becomes when the origin was asked again: by 304 (RFC 9111, 3.2 and 4.3.4) and by an answer to HEAD (4.3.5).
// Rule: fields are replaced by name, but for those that say how the stored body is written; lifetime and age count anew.
import type { AnswerMeta, FieldLine } from '../answer-meta.ts';
import { trim, parseCacheControl } from './cache-control.ts';
import { FieldList, type FieldReader } from './field-reader.ts';
import { bornAtMs, freshnessOf, saidBy } from './freshness.ts';
import { fieldsToKeep, tagsOf, type StoreRules } from './storable.ts';

/** Of the body as it lies here. */
const OF_THE_BODY = new Set(['content-length', 'content-encoding', 'content-range']);

export interface Refreshed {
  readonly request: FieldReader;
  readonly response: FieldReader;
  readonly requestedAtMs: number;
  readonly respondedAtMs: number;
}

/** `isKept` false: it may be given this once and must not be kept any longer. */
export function refreshed(meta: AnswerMeta, by: Refreshed, rules: StoreRules): { meta: AnswerMeta; isKept: boolean } {
  const fields = mergedFields(meta.fields, by.response, rules);
  const all = new FieldList([...fields, ...ageOf(by.response)]);
  const said = saidBy(all).directives;
  const mayGuess = rules.setCookie === 'strip' || all.get('set-cookie') === undefined;
  const fresh = freshnessOf({ status: meta.status, fields: all, respondedAtMs: by.respondedAtMs }, mayGuess, rules);
  const noStore = said.noStore && !said.mustUnderstand;
  const isKept = !noStore && !said.isPrivate && !parseCacheControl(by.request.getAll('cache-control')).noStore;
  return {
    isKept,
    meta: {
      ...meta,
      fields,
      tags: tagsOf(all),
      etag: all.get('etag') ?? '',
      lastModified: all.get('last-modified') ?? '',
      bornAtMs: bornAtMs(all, by.requestedAtMs, by.respondedAtMs),
      checkedAtMs: by.respondedAtMs,
      ...(fresh ?? { lifetimeMs: 0, staleWhileAskingMs: 0, staleOnErrorMs: 0, flags: 0 }),
    },
  };
}

/** Whether a 304 speaks of what is stored, and not of another version. */
export function speaksOf(meta: AnswerMeta, response: FieldReader): boolean {
  const etag = response.get('etag');
  if (etag !== undefined && meta.etag !== '') return etag.replace(/^W\//, '') === meta.etag.replace(/^W\//, '');
  return true;
}

/** Whether an answer to HEAD speaks of what is stored; if not, that has been replaced behind our back. */
export function headSpeaksOf(meta: AnswerMeta, status: number, response: FieldReader): boolean {
  if (status !== meta.status) return false;
  const stored = new FieldList(meta.fields);
  return ['etag', 'last-modified', 'content-length'].every((name) => {
    const said = response.get(name);
    return said === undefined || stored.get(name) === undefined || said === stored.get(name);
  });
}

function mergedFields(stored: readonly FieldLine[], response: FieldReader, rules: StoreRules): readonly FieldLine[] {
  const fresh = fieldsToKeep(response, saidBy(response).directives, rules).filter(
    ([name]) => !OF_THE_BODY.has(name.toLowerCase()),
  );
  const replaced = new Set(fresh.map(([name]) => name.toLowerCase()));
  return [...stored.filter(([name]) => !replaced.has(name.toLowerCase())), ...fresh];
}

function ageOf(response: FieldReader): readonly FieldLine[] {
  const age = response.get('age');
  return age === undefined ? [] : [['Age', trim(age)]];
}

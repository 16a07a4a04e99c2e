// Changes to the proxies of hops that were made while Sluice ran, over what the configuration says. Rule: values, never
// changed in place; a change whose hop or proxy the configuration no longer has means nothing, and is no error.
import type { Config } from '../../config/config.ts';
import type { Hop, HopProxy } from '../../config/schema/hops.ts';
import type { HopChange, ProxyPatch, ProxySpec } from '../../config/schema/proxy-edits.ts';
import { SluiceError } from '../../core/errors.ts';
import { exitName } from './exit-name.ts';

/** By the name of the proxy. */
export type HopChanges = ReadonlyMap<string, HopChange>;

/** What somebody wants. */
export type HopEdit =
  | { readonly kind: 'add'; readonly hop: string; readonly proxy: ProxySpec }
  | {
      readonly kind: 'change';
      readonly name: string;
      readonly patch: ProxyPatch;
      /** It finishes what it has and gets nothing new; undefined: as it is. */
      readonly draining?: boolean;
    }
  | { readonly kind: 'remove'; readonly name: string };

/** A proxy and where it is. */
export interface PlacedProxy {
  readonly hop: string;
  readonly proxy: HopProxy;
}

export function withHopChanges(config: Config, changes: HopChanges): Config {
  if (changes.size === 0) return config;
  const hops = Object.entries(config.hops).map(([name, hop]) => [name, changedHop(name, hop, changes)]);
  return { ...config, hops: Object.fromEntries(hops) as Config['hops'] };
}

function changedHop(name: string, hop: Hop, changes: HopChanges): Hop {
  const known = new Set(hop.proxies.map(({ id }) => id));
  const kept = hop.proxies.flatMap((proxy) => changedProxy(hop, proxy, changes.get(exitName(name, proxy.id))));
  const added = [...changes.values()].flatMap((change) =>
    change.kind === 'put' && change.hop === name && !known.has(change.id) ? [{ ...change.proxy, tls: hop.tls }] : [],
  );
  return { ...hop, proxies: [...kept, ...added] };
}

function changedProxy({ tls }: Hop, proxy: HopProxy, change: HopChange | undefined): HopProxy[] {
  if (change === undefined) return [proxy];
  if (change.kind === 'removed') return [];
  return [change.kind === 'put' ? { ...change.proxy, tls } : { ...proxy, ...change.patch }];
}

/** The names of those that are being drained. */
export function drainingIn(changes: HopChanges): ReadonlySet<string> {
  return new Set([...changes].flatMap(([name, change]) => ('draining' in change && change.draining ? [name] : [])));
}

export function findProxy({ hops }: Config, name: string): PlacedProxy | undefined {
  for (const [hop, { proxies }] of Object.entries(hops)) {
    const proxy = proxies.find(({ id }) => exitName(hop, id) === name);
    if (proxy !== undefined) return { hop, proxy };
  }
  return undefined;
}

/** The name of the proxy that an edit is about. */
export function nameInEdit(edit: HopEdit): string {
  return edit.kind === 'add' ? exitName(edit.hop, edit.proxy.id) : edit.name;
}

/** The changes with one more; throws a SluiceError where it cannot be made to what there is. */
export function withEdit(loaded: Config, changes: HopChanges, edit: HopEdit): HopChanges {
  const name = nameInEdit(edit);
  const now = findProxy(withHopChanges(loaded, changes), name);
  const change = edit.kind === 'add' ? addition(loaded, edit, now) : alteration(loaded, changes.get(name), edit, now);
  const next = new Map(changes);
  if (change === null) next.delete(name);
  else next.set(name, change);
  return next;
}

function addition(
  { hops }: Config,
  { hop, proxy }: Extract<HopEdit, { kind: 'add' }>,
  now: PlacedProxy | undefined,
): HopChange {
  if (!Object.hasOwn(hops, hop)) throw new SluiceError('not_found', { message: `There is no hop "${hop}".` });
  const name = exitName(hop, proxy.id);
  if (now !== undefined) throw new SluiceError('already_exists', { message: `There is a proxy "${name}" already.` });
  return { kind: 'put', hop, id: proxy.id, proxy, draining: false };
}

/** null: as the configuration says. */
function alteration(
  loaded: Config,
  before: HopChange | undefined,
  edit: Exclude<HopEdit, { kind: 'add' }>,
  now: PlacedProxy | undefined,
): HopChange | null {
  if (now === undefined) throw new SluiceError('not_found', { message: `There is no proxy "${edit.name}".` });
  const where = { hop: now.hop, id: now.proxy.id };
  if (edit.kind === 'remove') return findProxy(loaded, edit.name) === undefined ? null : { kind: 'removed', ...where };
  const wasDraining = before !== undefined && 'draining' in before && before.draining;
  const draining = edit.draining ?? wasDraining;
  if (before?.kind === 'put') return { ...before, proxy: { ...before.proxy, ...edit.patch }, draining };
  const patch = { ...(before?.kind === 'patch' ? before.patch : {}), ...edit.patch };
  return { kind: 'patch', ...where, patch, draining };
}

// What a configuration becomes: routes with everything decided that can be decided before a request comes.
// Rule: a program never changes; a reload makes a new one, and the old one is disposed of when its last exchange has ended.
import type { Bounds } from '../contract/bounds.ts';
import type { ErrorShape, Policy } from '../contract/policy.ts';
import type { Target } from '../contract/target.ts';
import type { HttpFamilies } from '../telemetry/families.ts';
import type { Head } from '../codec/http1/head.ts';
import { Router, type RouteMatch } from './router.ts';

/** What the runtime says about a route. */
export interface RouteSpec {
  readonly name: string;
  readonly match: RouteMatch;
  readonly policies: readonly Policy[];
  readonly target: Target;
}

/** A route with one list per phase; a phase that nobody implements is an empty list. */
export interface Route {
  readonly name: string;
  readonly match: RouteMatch;
  readonly target: Target;
  /** null: what holds for the door. */
  readonly bounds: Bounds | null;
  /** null: errors of ours have the one shape that they have everywhere. */
  readonly errorShape: ErrorShape | null;
  readonly request: readonly Required<Pick<Policy, 'name' | 'request'>>[];
  readonly requestBody: readonly Required<Pick<Policy, 'requestBody'>>[];
  readonly upstream: readonly Required<Pick<Policy, 'upstream'>>[];
  readonly response: readonly Required<Pick<Policy, 'response'>>[];
  readonly responseBody: readonly Required<Pick<Policy, 'responseBody'>>[];
  readonly tunnel: readonly Required<Pick<Policy, 'tunnel'>>[];
  readonly upgraded: readonly Required<Pick<Policy, 'upgraded'>>[];
  readonly done: readonly Required<Pick<Policy, 'done'>>[];
  readonly outlivesClient: readonly Required<Pick<Policy, 'outlivesClient'>>[];
  /** Those that see an answer which was kept: they stand before the policy that keeps answers, and all of them where there is none. */
  readonly outer: Pick<Route, 'response' | 'responseBody'>;
  /** What lies behind the policy that keeps answers; null where there is none. */
  readonly inner: Route | null;
  /** null: what it carries is nothing that a client has asked for. */
  readonly metrics: HttpFamilies | null;
}

/** Earlier layers win over later ones: explicit routes, own paths, the default backend. */
export type Layers<R> = readonly (readonly R[])[];

/** The routes of each listening address; under the empty name those of all that are not named. */
export type RouteTables<R> = ReadonlyMap<string, Layers<R>>;

type Routers = readonly Router<Route>[];

export class Program {
  /** Exchanges that run on this program. */
  running = 0;
  private readonly routers: Routers;
  /** By listening address; null where all of them have the same routes. */
  private readonly ofEntrances: ReadonlyMap<string, Routers> | null;
  private readonly disposables: readonly { dispose?(): void }[];
  private retired = false;
  private disposed = false;

  constructor(tables: RouteTables<Route>, disposables: readonly { dispose?(): void }[]) {
    const named = [...tables].filter(([entrance]) => entrance !== '');
    this.routers = routersOf(tables.get('') ?? []);
    this.ofEntrances = named.length === 0 ? null : new Map(named.map(([name, layers]) => [name, routersOf(layers)]));
    this.disposables = disposables;
  }

  /** `entrance` is the listening address that the connection has come in by. */
  find(head: Head, hostFrom: number, hostTo: number, entrance = ''): Route | null {
    const routers = this.ofEntrances === null ? this.routers : (this.ofEntrances.get(entrance) ?? this.routers);
    for (let i = 0; i < routers.length; i++) {
      const route = routers[i]!.find(head, hostFrom, hostTo);
      if (route !== null) return route;
    }
    return null;
  }

  left(): void {
    this.running--;
    this.disposeIfUnused();
  }

  /** Nothing new will run on it. */
  retire(): void {
    this.retired = true;
    this.disposeIfUnused();
  }

  private disposeIfUnused(): void {
    if (!this.retired || this.running > 0 || this.disposed) return;
    this.disposed = true;
    for (const disposable of this.disposables) disposable.dispose?.();
  }
}

function routersOf(layers: Layers<Route>): Routers {
  return layers.filter((layer) => layer.length > 0).map((layer) => new Router(layer));
}

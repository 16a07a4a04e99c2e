// Turns what the runtime says about routes into a program. Rule: everything that does not depend on a request is decided here:
// which policies take part in which phase, in which order, and where a route records.
import type { Bounds } from '../contract/bounds.ts';
import type { Phase, Policy } from '../contract/policy.ts';
import { type Layers, Program, type Route, type RouteSpec, type RouteTables } from './program.ts';
import type { Traffic } from './traffic.ts';

/** The same routes for every listening address. */
export function compile(layers: Layers<RouteSpec>, traffic: Traffic): Program {
  return compileTables(new Map([['', layers]]), traffic);
}

/** What serves several addresses is disposed of once; `shared` with the program, after its targets and policies. */
export function compileTables(
  tables: RouteTables<RouteSpec>,
  traffic: Traffic,
  shared: readonly { dispose?(): void }[] = [],
): Program {
  const specs = [...tables.values()].flat(2);
  const disposables = new Set([...specs.flatMap((spec) => spec.policies), ...specs.map((spec) => spec.target)]);
  const compiled = [...tables].map(([entrance, layers]) => {
    return [entrance, layers.map((layer) => layer.map((spec) => compileRoute(spec, traffic)))] as const;
  });
  return new Program(new Map(compiled), [...disposables, ...shared]);
}

function compileRoute(spec: RouteSpec, traffic: Traffic): Route {
  const { policies } = spec;
  const keeper = policies.findIndex(({ keepsAnswers }) => keepsAnswers === true);
  const outer = keeper < 0 ? policies : policies.slice(0, keeper);
  return Object.freeze({
    ...phasesOf(spec, policies),
    outer: { response: taking(outer, 'response'), responseBody: taking(outer, 'responseBody') },
    inner: keeper < 0 ? null : innerRoute(spec, policies.slice(keeper + 1)),
    metrics: traffic.familiesOf(spec.name),
  });
}

/** What goes through it is nobody's request: it is not counted with those of clients. */
function innerRoute(spec: RouteSpec, policies: readonly Policy[]): Route {
  return Object.freeze({
    ...phasesOf(spec, policies),
    outer: { response: [], responseBody: [] },
    inner: null,
    metrics: null,
  });
}

function phasesOf(
  { name, match, target }: RouteSpec,
  policies: readonly Policy[],
): Omit<Route, 'outer' | 'inner' | 'metrics'> {
  return {
    name,
    match,
    target,
    bounds: boundsOf(policies),
    errorShape: policies.findLast(({ errorShape }) => errorShape !== undefined)?.errorShape ?? null,
    request: taking(policies, 'request'),
    requestBody: taking(policies, 'requestBody'),
    upstream: taking(policies, 'upstream'),
    response: taking(policies, 'response'),
    responseBody: taking(policies, 'responseBody'),
    tunnel: taking(policies, 'tunnel'),
    upgraded: taking(policies, 'upgraded'),
    done: taking(policies, 'done'),
    outlivesClient: taking(policies, 'outlivesClient'),
  };
}

/** Of each bound the policy that comes last decides. */
export function boundsOf(policies: readonly Policy[]): Bounds | null {
  const all = policies.map(({ bounds }) => bounds).filter((bounds) => bounds !== undefined);
  return all.length === 0 ? null : Object.freeze(Object.assign({}, ...all) as Bounds);
}

type Asked = Phase | 'outlivesClient';
type Taking<P extends Asked> = Policy & Required<Pick<Policy, P>>;

/** The policies that implement a phase. Answers pass through them in reverse: the first to see a request is the last to see its answer. */
function taking<P extends Asked>(policies: readonly Policy[], phase: P): Taking<P>[] {
  const takers = policies.filter((policy): policy is Taking<P> => policy[phase] !== undefined);
  return phase === 'response' || phase === 'responseBody' ? takers.reverse() : takers;
}

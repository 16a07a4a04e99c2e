// Which rule of the forward proxy decides, and why none of those before it does. Rule: a condition is judged by the rules
// themselves, which are asked with that condition alone.
import type { Config } from '../../config/config.ts';
import type { EgressMatch, EgressRule } from '../../config/schema/egress.ts';
import {
  type Denial,
  type DestinationRequest,
  DestinationRules,
  type DestinationRulesOptions,
  type Way,
} from '../../services/rules/destination-rules.ts';
import { OwnDoors } from '../../services/rules/own-doors.ts';
import type { ExplainedChoice } from './explanation.ts';
import { placeOf } from './place-of.ts';
import type { Scene } from './scene.ts';

/** null: what is asked for is refused whatever rules say. */
export function explainRule(
  { source }: Way | Denial,
  request: DestinationRequest,
  { config, origins }: Pick<Scene, 'config' | 'origins'>,
): ExplainedChoice | null {
  if (source === null) return null;
  const { rules, no_proxy: noProxy } = config.egress;
  const before = typeof source === 'number' ? rules.slice(0, source) : rules;
  const others = before.map((rule, index) => `egress.rules[${index}]: ${misfits(rule, request).join(', ')}`);
  if (typeof source === 'number') {
    const name = `egress.rules[${source}]`;
    const why = describeMatch(rules[source]?.match);
    return { kind: 'rule', name, place: placeOf(name, origins), why, others };
  }
  if (source === 'no_proxy') {
    const at = noProxy.findIndex((entry) => decidesAlone({ noProxy: [entry] }, request));
    const name = `egress.no_proxy[${at}]`;
    return { kind: 'no_proxy', name, place: placeOf(name, origins), why: noProxy[at] ?? '', others };
  }
  const why = rules.length === 0 ? 'there are no rules' : 'no rule fits';
  return { kind: 'chain', name: 'egress.chain', place: placeOf('egress.chain', origins), why, others };
}

const EVERYTHING: EgressMatch = { host: [], port: [], user: [] };

/** The conditions that this request does not meet. */
function misfits({ match }: EgressRule, request: DestinationRequest): string[] {
  const conditions = Object.keys(EVERYTHING) as (keyof EgressMatch)[];
  return conditions
    .filter((name) => !decidesAlone({ rules: [ruleWith({ ...EVERYTHING, [name]: match[name] })] }, request))
    .map((name) => `another ${name}`);
}

function ruleWith(match: EgressMatch): Config['egress']['rules'][number] {
  return { match, via: [], tags: {}, action: 'allow' };
}

/** Whether this alone, and not the chain, would decide. */
function decidesAlone(options: Partial<DestinationRulesOptions>, request: DestinationRequest): boolean {
  const rules = new DestinationRules({
    rules: [],
    chain: [],
    noProxy: [],
    allowPrivate: true,
    connectPorts: [],
    doors: new OwnDoors([]),
    ...options,
  });
  return rules.decide(request).source !== 'chain';
}

function describeMatch(match: EgressMatch = EVERYTHING): string {
  const said = Object.entries(match).filter(([, values]) => values.length > 0);
  return said.length === 0 ? 'everything' : said.map(([name, values]) => `${name} ${values.join(', ')}`).join('; ');
}

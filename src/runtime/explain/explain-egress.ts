// What the forward proxy would do with a request: its policies, the rule that decides, and the proxies that would be gone through.
// Rule: the very policies and rules of the configuration are asked, never a copy of what they say.
import type { Config } from '../../config/config.ts';
import { ERROR_CATALOGUE, type ErrorCode } from '../../core/errors.ts';
import { formatHostPort } from '../../core/address.ts';
import type { Denial, Way } from '../../services/rules/destination-rules.ts';
import { SessionSuffix } from '../../services/sticky/session-suffix.ts';
import { engineLimits } from '../assemble/assemble.ts';
import { destinationRules, egressPolicies } from '../assemble/assemble-egress.ts';
import { denialError } from '../registry.ts';
import { type AskedUrl, readRequest, requestBytes } from './asked-request.ts';
import { DryExchange } from './dry-exchange.ts';
import { dryLogin, dryParts } from './dry-parts.ts';
import { explainHops } from './explain-hops.ts';
import { explainRule } from './explain-rule.ts';
import type { ExplainedResult, Explanation, Question } from './explanation.ts';
import { runPolicies } from './run-policies.ts';
import { tooLarge } from './too-large.ts';
import type { Scene } from './scene.ts';

/** What the forward proxy adds to the explanation of its door. */
export type EgressExplanation = Omit<Explanation, 'door' | 'from' | 'states'>;

export async function explainEgress(
  asked: AskedUrl,
  question: Question,
  scene: Scene & { readonly localPort: number },
): Promise<EgressExplanation> {
  const { config } = scene;
  const line = requestLine(asked, question.method);
  const isTunnel = line.startsWith('CONNECT ');
  const bare = { request: line, user: null, session: null, policies: [], choice: null, hops: [] };
  const read = readRequest(requestBytes(line, fieldsOf(asked, question, config)), engineLimits(config).request);
  if ('refused' in read) return { ...bare, result: refused(read.refused.code, read.refused.detail) };
  const client = { address: question.from, localPort: scene.localPort };
  const exchange = new DryExchange('egress', client, read.request);
  const all = egressPolicies(config, dryParts(scene, question.user));
  const refusal = tooLarge(read.request, all, Number.MAX_SAFE_INTEGER);
  if (refusal !== null) return { ...bare, result: refusal };
  const policies = await runPolicies(all, exchange);
  const seen = { ...bare, user: exchange.user || null, session: exchange.session || null, policies };
  if (exchange.answered !== null) {
    const { status, code, message } = exchange.answered;
    return { ...seen, result: { kind: code === null ? 'answered' : 'refused', status, code, text: message } };
  }
  const request = { host: asked.host, port: asked.port, user: exchange.user || null, isTunnel };
  const verdict = destinationRules(config, scene.doors).decide(request);
  const choice = explainRule(verdict, request, scene);
  if (verdict.kind === 'denied') return { ...seen, choice, result: denied(verdict, asked.host) };
  const ofPort = config.egress.sticky.listeners[String(scene.localPort)]?.tags ?? {};
  const hops = explainHops({ ...verdict, tags: { ...ofPort, ...verdict.tags } }, exchange, scene);
  return { ...seen, choice, hops, result: resultOf(verdict, { asked, hops, isTunnel }) };
}

/** What is behind https is asked for as a tunnel; a proxy is never given such a URL. */
function requestLine({ isSecure, host, port, authority, path }: AskedUrl, method: string): string {
  if (isSecure || method === 'CONNECT') return `CONNECT ${formatHostPort(host, port)}`;
  return `${method} http://${authority}${path}`;
}

function fieldsOf({ authority }: AskedUrl, { fields, user }: Question, config: Config): Question['fields'] {
  const host = fields.some(([name]) => name.toLowerCase() === 'host') ? [] : [['Host', authority] as const];
  if (user === null) return [...host, ...fields];
  const others = fields.filter(([name]) => name.toLowerCase() !== 'proxy-authorization');
  return [...host, ...others, ['Proxy-Authorization', dryLogin(plainUser(user, config), user)]];
}

/** Without the session that its name may carry. */
function plainUser(name: string, { egress, users }: Config): string {
  return new SessionSuffix(egress.sticky.username).split(name, (user) => users.some((each) => each.name === user)).user;
}

function refused(code: ErrorCode, detail: string): ExplainedResult {
  return { kind: 'refused', status: ERROR_CATALOGUE[code].status, code, text: detail };
}

function denied(denial: Denial, host: string): ExplainedResult {
  const { code, message } = denialError(denial, host);
  return refused(code, message);
}

interface Outcome {
  readonly asked: AskedUrl;
  readonly hops: Explanation['hops'];
  readonly isTunnel: boolean;
}

function resultOf(way: Way, { asked, hops, isTunnel }: Outcome): ExplainedResult {
  const to = formatHostPort(asked.host, asked.port);
  if (way.via.length === 0) {
    const condition = way.allowsPrivate ? '' : ', unless its name leads to a private address';
    return { kind: 'direct', status: null, code: null, text: `straight to ${to}${condition}` };
  }
  const missing = hops.find(({ picked }) => picked === null);
  if (missing !== undefined) return refused('hops_exhausted', `no proxy of ${missing.name} can be used at the moment`);
  const names = hops.map(({ name, picked }) => (picked === name || picked === null ? name : `${name}/${picked}`));
  const what = isTunnel ? 'a tunnel' : 'the request';
  return { kind: 'hops', status: null, code: null, text: `${what} to ${to} through ${names.join(', then ')}` };
}

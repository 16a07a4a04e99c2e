// From the head of a request to whoever answers it: the request phases of its route, its target, and the phases before it goes
// upstream. Rule: what does not wait goes on at once; after every wait the exchange may be over, or be another one.
import type { ForwardTarget, Origin } from '../contract/target.ts';
import type { HttpExchange } from './exchange.ts';
import { answersAsLast } from './max-forwards.ts';
import type { Route } from './program.ts';
import { refusalOf, takesTunnels } from './refusals.ts';
import { Tunnel } from './tunnel.ts';

/** Finds the route of a request, unless it is none of ours, and walks it. */
export function enter(exchange: HttpExchange): void {
  const { engine, request, bounds } = exchange;
  const refusal = refusalOf(request.head, engine.pseudonym);
  if (refusal === null) {
    const { entrance } = exchange.responder;
    exchange.matched = exchange.program!.find(request.head, request.hostFrom, request.hostTo, entrance);
  }
  engine.traffic.began(exchange);
  const { matched } = exchange;
  const fault = refusal ?? bounds.of(matched);
  if (fault !== null) {
    exchange.fail(fault);
    return;
  }
  if (answersAsLast(exchange)) return;
  if (exchange.isTunnel && !takesTunnels(matched?.target, request.isHttp2)) exchange.fail('method_not_allowed');
  else if (matched === null) exchange.fail('route_not_found');
  else runRequestPhases(exchange, 0);
}

/** The request phases from number `first` on, and all that follows. */
export function runRequestPhases(exchange: HttpExchange, first: number): void {
  const policies = exchange.matched!.request;
  for (let i = first; i < policies.length; i++) {
    exchange.request.phase = i;
    const wait = policies[i]!.request(exchange);
    if (wait !== undefined) {
      afterWait(exchange, wait, () => runRequestPhases(exchange, i + 1));
      return;
    }
    if (exchange.isAnswered || exchange.over) return;
  }
  exchange.request.phase = -1;
  exchange.openRequestTransform();
  toTarget(exchange);
}

/** The target is asked where to; once more when an origin has failed. */
export function toTarget(exchange: HttpExchange): void {
  const { target } = exchange.matched!;
  if (target.kind === 'answer') target.take(exchange);
  else if (exchange.isTunnel) new Tunnel(exchange).open(target);
  else select(exchange, target);
}

function select(exchange: HttpExchange, target: ForwardTarget): void {
  if (target.answers !== undefined && target.answers(exchange)) return;
  const origin = target.select(exchange, exchange.attempts.tried);
  if (origin instanceof Promise) takePromised(exchange, target, origin);
  else forward(exchange, target, origin);
}

/** Whoever promises is told if nobody takes it. */
function takePromised(exchange: HttpExchange, target: ForwardTarget, promised: Promise<Origin | null>): void {
  exchange.attempts.promisedBy = target;
  afterWait(exchange, promised, (chosen) => {
    exchange.attempts.promisedBy = null;
    forward(exchange, target, chosen);
  });
}

function forward(exchange: HttpExchange, target: ForwardTarget, origin: Origin | null): void {
  if (origin === null) {
    exchange.giveUp(exchange.attempts.lastFailure);
    return;
  }
  exchange.attempts.choose(origin, target, exchange.ticket);
  if (target.resendsBodies !== undefined) exchange.requestWay.keep(target.resendsBodies.bytes);
  if (exchange.matched!.upstream.length === 0) exchange.engine.poolOf(origin).send(exchange);
  else runUpstreamPhases(exchange, 0, origin);
}

function runUpstreamPhases(exchange: HttpExchange, first: number, origin: Origin): void {
  const policies = exchange.matched!.upstream;
  for (let i = first; i < policies.length; i++) {
    const wait = policies[i]!.upstream(exchange);
    if (wait !== undefined) {
      afterWait(exchange, wait, () => runUpstreamPhases(exchange, i + 1, origin));
      return;
    }
    if (exchange.isAnswered || exchange.over) return;
  }
  exchange.engine.poolOf(origin).send(exchange);
}

/** Goes on with `next` unless the exchange has ended in the meantime; a rejection is a fault of ours. */
function afterWait<T>(exchange: HttpExchange, wait: Promise<T>, next: (value: T) => void): void {
  const { generation } = exchange;
  const isRunning = (): boolean => generation === exchange.generation && !exchange.over;
  wait
    .then((value) => {
      if (isRunning() && !exchange.isAnswered) next(value);
    })
    .catch((cause: unknown) => {
      if (isRunning()) exchange.fault(cause);
    })
    .finally(() => exchange.engine.outbound.flush());
}

/** The head of an answer is known. Of the policies only those before the one that has given it see an answer that was kept. */
export function runResponsePhases(exchange: HttpExchange, route: Route): void {
  const { kept, response: answer } = exchange;
  exchange.judged = true;
  exchange.isJudging = true;
  const { response } = kept.isInCharge ? route.outer : route;
  for (let i = 0; i < response.length; i++) response[i]!.response(exchange);
  exchange.isJudging = false;
  if (route.done.length > 0) answer.keepHead();
  const { responseBody } = kept.isInCharge ? route.outer : route;
  if (responseBody.length > 0 && answer.hasBody && !exchange.over) exchange.answerWay.open(responseBody);
}

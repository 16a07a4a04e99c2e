// What a server is told of the trace that its request belongs to. Rule: a trace that is not valid is not passed on, and neither is its
// state; who is told nothing of us is told of a trace only where the client has begun one.
import { FIELD, type Head } from '../codec/http1/head.ts';
import type { HttpExchange } from './exchange.ts';
import { sentParent } from './tracer.ts';

/** What goes out as traceparent: what the client has sent, one of ours that says that nothing is recorded, or nothing. */
export const TRACE_FIELD = { kept: 0, ours: 1, none: 2 } as const;

/**
 * Takes out of the head what does not go on. A text is what goes out in its place. `tellsUpstream`: the server learns of us beside the
 * request.
 */
export function traceFieldOf(exchange: HttpExchange, tellsUpstream: boolean): string | number {
  const { trace } = exchange.attempts;
  if (trace === null) return tellsUpstream ? untracedField(exchange) : TRACE_FIELD.kept;
  const { head } = exchange.request;
  const isContinued = trace.names.parent !== null;
  leaveOut(head, FIELD.TRACEPARENT);
  if (!isContinued) leaveOut(head, FIELD.TRACESTATE);
  return isContinued || tellsUpstream ? trace.traceParent : TRACE_FIELD.none;
}

function untracedField({ request }: HttpExchange): number {
  const { head } = request;
  const isSent = head.find(FIELD.TRACEPARENT) >= 0;
  if (isSent && sentParent(request) !== null) return TRACE_FIELD.kept;
  if (isSent) leaveOut(head, FIELD.TRACEPARENT);
  leaveOut(head, FIELD.TRACESTATE);
  return TRACE_FIELD.ours;
}

function leaveOut(head: Head, id: number): void {
  for (let at = head.find(id); at >= 0; at = head.find(id, at + 1)) head.drop[at] = 1;
}

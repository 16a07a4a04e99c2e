import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProbeResult } from './ai-probe.ts';
import { type ProbedProvider, verdictOn } from './ai-verdict.ts';

const CLAUDE: ProbedProvider = { name: 'claude', kind: 'api_key', hasOwn: false, isBackend: false };

function answered(status: number | null, body = '', fault: string | null = null): ProbeResult {
  return { status, latencyMs: 1, requestId: null, body, fault, isLate: false };
}

function said(status: number, body = '', provider: Partial<ProbedProvider> = {}): string {
  const { outcome, code, hint } = verdictOn(answered(status, body), { ...CLAUDE, ...provider });
  return [outcome, code ?? '-', hint ?? '-'].join(' | ');
}

describe('the verdict on a test request', () => {
  test('is fine when the provider has answered it', () => {
    assert.equal(said(200, '{"data":[]}'), 'ok | - | -');
    assert.match(said(200, 'event: response.failed\ndata: {}\n\n'), /^failed/);
    assert.match(said(200, 'event: x\ndata: {}\n\nevent: error\ndata: {}\n\n'), /^failed/);
  });

  test('names what Sluice itself says, and what to do about it', () => {
    const of = (code: string): string => said(503, JSON.stringify({ error: { message: `No. (Sluice: ${code})` } }));
    assert.equal(
      of('credential_unavailable'),
      'failed | credential_unavailable | look at the accounts: sluice ai accounts',
    );
    assert.match(of('hop_unreachable'), /ai\.via/);
    assert.match(of('upstream_dns_failed'), /can this machine reach it/);
    assert.match(of('unauthorized'), /SLUICE_AI_TOKEN/);
    assert.match(of('loop_detected'), /sluice help loop_detected$/);
  });

  test('tells a credential that is refused from one that is missing', () => {
    assert.match(said(401), /^failed .* does not accept the key: ai\.providers\.claude/);
    assert.match(said(401, '', { kind: 'store' }), /^failed .* sign in again with Claude Code$/);
    assert.match(said(403, '', { kind: 'store', name: 'chatgpt' }), /Codex$/);
    assert.match(said(401, '', { kind: 'passthrough' }), /^reached .* ANTHROPIC_API_KEY/);
    assert.match(said(401, '', { kind: 'passthrough', name: 'chatgpt' }), /OPENAI_API_KEY/);
    assert.match(said(401, '', { kind: 'passthrough', hasOwn: true }), /^failed .* of the environment$/);
  });

  test('says what the provider has said, in whatever shape', () => {
    const text = (body: string): string | null => verdictOn(answered(400, body), CLAUDE).message;
    assert.equal(text('{"type":"error","error":{"message":"no\\nmodel"}}'), 'no model');
    assert.equal(text('{"error":"no"}'), 'no');
    assert.equal(text('{"detail":"no"}'), 'no');
    assert.equal(text('<html>'), '<html>');
    assert.equal(text('x'.repeat(999))?.length, 300);
    assert.equal(text(''), null);
    for (const status of [400, 404, 429, 529]) assert.notEqual(verdictOn(answered(status), CLAUDE).hint, null);
    assert.equal(said(500), 'failed | - | -');
    assert.match(said(404, '', { name: 'chatgpt', isBackend: true }), /^reached .* try --model$/);
  });

  test('says where an answer is missing', () => {
    const silent = verdictOn(answered(null, '', 'connect ECONNREFUSED'), CLAUDE);
    assert.deepEqual([silent.outcome, silent.message], ['failed', 'the door of the gateway: connect ECONNREFUSED']);
    assert.match(silent.hint ?? '', /--url/);
    assert.match(verdictOn(answered(200, '', 'aborted'), CLAUDE).message ?? '', /^the provider: aborted/);
  });
});

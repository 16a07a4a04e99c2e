// What the variables of OpenTelemetry say of traces.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { otelValues } from './otel-variables.ts';

function said(env: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(otelValues(env).map(({ path, value }) => [path.slice('traces.'.length), value]));
}

describe('the variables of OpenTelemetry', () => {
  test('name the collector: the one for traces whole, the one for everything by its base', () => {
    assert.deepEqual(said({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/x/' }), {
      endpoint: 'http://c:4318/x/v1/traces',
    });
    const both = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/here' };
    assert.deepEqual(said(both), { endpoint: 'http://t/here' });
    assert.deepEqual(said({ OTEL_TRACES_EXPORTER: 'otlp' }), { endpoint: 'http://localhost:4318/v1/traces' });
  });

  test('switch traces off, whatever else they say', () => {
    const on = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' };
    assert.equal(said({ ...on, OTEL_SDK_DISABLED: 'true' })['endpoint'], 'null');
    assert.equal(said({ ...on, OTEL_TRACES_EXPORTER: 'none' })['endpoint'], 'null');
    assert.equal(said({ ...on, OTEL_SDK_DISABLED: 'false' })['endpoint'], 'http://c/v1/traces');
  });

  test('say who we are; a name of its own goes over the one in the resource', () => {
    const resource = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=a,b=c%2Cd, e = f ,nothing' };
    assert.deepEqual(said(resource), { service_name: 'a', resource: { b: 'c,d', e: 'f' } });
    assert.equal(said({ ...resource, OTEL_SERVICE_NAME: 'g' })['service_name'], 'g');
  });

  test('choose what is recorded', () => {
    const sampled = (sampler: string, arg?: string): unknown[] => {
      const values = said({
        OTEL_TRACES_SAMPLER: sampler,
        OTEL_TRACES_EXPORTER: 'otlp',
        ...(arg === undefined ? {} : { OTEL_TRACES_SAMPLER_ARG: arg }),
      });
      return [values['follow_parent'], values['sample']];
    };
    assert.deepEqual(sampled('always_on'), ['false', '1']);
    assert.deepEqual(sampled('always_off'), ['false', '0']);
    assert.deepEqual(sampled('traceidratio', '0.5'), ['false', '0.5']);
    assert.deepEqual(sampled('parentbased_always_on'), ['true', '1']);
    assert.deepEqual(sampled('parentbased_traceidratio', '0.1'), ['true', '0.1']);
    assert.deepEqual(sampled('parentbased_traceidratio'), ['true', '1']);
    // Nobody has it: the schema says so, with the name of the variable.
    assert.deepEqual(sampled('xray'), ['false', 'xray']);
    assert.deepEqual(said({ OTEL_TRACES_SAMPLER: 'xray' }), {});
  });

  test('set headers, times and sizes', () => {
    const env = {
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b,c=d',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '2000',
      OTEL_EXPORTER_OTLP_TIMEOUT: '1',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
      OTEL_EXPORTER_OTLP_CERTIFICATE: 'ca.pem',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_BSP_MAX_QUEUE_SIZE: '10',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5',
    };
    assert.deepEqual(said(env), {
      headers: { 'api-key': 'a b', c: 'd' },
      timeout: '2000ms',
      compression: 'none',
      ca: 'ca.pem',
      every: '100ms',
      queue: '10',
      batch: '5',
    });
  });

  test('that name a protocol count only where traces are asked for', () => {
    assert.deepEqual(said({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }), {});
    const on = { OTEL_TRACES_EXPORTER: 'otlp' };
    assert.equal(said({ ...on, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })['protocol'], 'grpc');
    assert.equal(said({ ...on, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' })['protocol'], 'http/json');
  });
});

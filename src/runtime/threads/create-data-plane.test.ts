import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, test, type TestContext } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { ask } from '../../../test/support/ask.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { MemorySink } from '../../../test/support/memory-sink.ts';
import { watchThreads } from '../../../test/support/worker-stage.ts';
import type { Config } from '../../config/config.ts';
import { documentSchema } from '../../config/schema/document.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { MetricsView } from '../../telemetry/metrics-view.ts';
import { createDataPlane } from './create-data-plane.ts';
import type { DataPlane } from './data-plane.ts';
import { processDesk } from '../../../test/support/process-desk.ts';

interface Created {
  readonly plane: DataPlane;
  readonly view: MetricsView;
  readonly sink: MemorySink;
  readonly threads: readonly Worker[];
}

function configFor(workers: number | 'auto', access: boolean | string = true): Config {
  const { gateway } = configOf({ gateway: { routes: [{ to: { respond: { body: 'hello' } } }] } });
  return { ...documentSchema.parse({ process: { workers }, log: { access }, egress: { listen: null } }), gateway };
}

async function create(t: TestContext, config: Config): Promise<Created> {
  const threads: Worker[] = [];
  watchThreads(t, (worker) => threads.push(worker));
  const view = new MetricsView();
  const recorder: MetricsRecorder = new MetricsRecorder({ onDefine: (definition) => source.define(definition) });
  const source = view.attach(recorder.slab, []);
  const sink = new MemorySink();
  const unexpected = (): void => assert.fail('something went wrong on a worker');
  const plane = createDataPlane({
    config,
    recorder,
    view,
    accessSink: sink,
    logger: { error: unexpected } as never,
    tellUsage: () => {},
    takeSpans: () => {},
    processes: processDesk(),
    tunnelSocket: '/nowhere',
    noteFault: unexpected,
    countWorkerRestart: unexpected,
  });
  t.after(() => plane.close());
  await plane.apply(config);
  return { plane, view, sink, threads };
}

describe('the data plane', () => {
  for (const workers of [1, 2]) {
    test(`answers, counts and logs with workers: ${workers}`, async (t) => {
      const { plane, view, sink, threads } = await create(t, configFor(workers));
      assert.equal(threads.length, workers === 1 ? 0 : workers);
      const [door] = plane.doors();
      assert.equal((await ask(door!.address)).body, 'hello');
      await sink.until((lines) => lines.length === 1);
      await plane.drain();
      assert.equal(view.total('sluice_http_requests_total'), 1);
      await plane.close();
      await assert.rejects(ask(door!.address), { code: 'ECONNREFUSED' });
    });

    test(`writes the access log in the format that is wanted, or none, with workers: ${workers}`, async (t) => {
      const common = await create(t, configFor(workers, 'common'));
      await ask(`${common.plane.doors()[0]!.address}/page`);
      await common.sink.until((lines) => lines.length === 1);
      assert.match(common.sink.lines[0]!, /^127\.0\.0\.1 - - \[.+\] "GET \/page HTTP\/1\.1" 200 5$/);
      const none = await create(t, configFor(workers, false));
      await ask(none.plane.doors()[0]!.address);
      await none.plane.drain();
      assert.deepEqual(none.sink.lines, []);
    });
  }

  test('has a thread per processor with workers: auto', async (t) => {
    const { threads } = await create(t, configFor('auto'));
    const processors = availableParallelism();
    assert.equal(threads.length, processors === 1 ? 0 : processors);
  });
});

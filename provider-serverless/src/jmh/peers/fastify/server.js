// A model as a service, the way a Node team writes it. THREADS, if it is given, is how many threads one run computes on.
import { readFile } from 'node:fs/promises';
import { Tokenizer } from '@huggingface/tokenizers';
import fastify from 'fastify';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [model, tokenizerFile, port] = process.argv.slice(2);
const options = process.env.THREADS ? { intraOpNumThreads: Number(process.env.THREADS) } : {};
const session = await InferenceSession.create(model, options);
const tokenizer = new Tokenizer(JSON.parse(await readFile(tokenizerFile, 'utf8')), {});

const tensor = (values) =>
  new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);

async function embed(text) {
  const { ids } = tokenizer.encode(text);
  const inputs = {
    input_ids: tensor(ids),
    attention_mask: tensor(ids.map(() => 1)),
    token_type_ids: tensor(ids.map(() => 0)),
  };
  const output = (await session.run(inputs))[session.outputNames[0]];
  const [, tokens, width] = output.dims;
  const vector = new Float32Array(width);
  for (let at = 0; at < tokens * width; at++) {
    vector[at % width] += output.data[at];
  }
  let squares = 0;
  for (const value of vector) {
    squares += value * value;
  }
  const length = Math.max(Math.sqrt(squares), 1e-12);
  return Array.from(vector, (value) => value / length);
}

const app = fastify();
app.post('/v2/models/minilm/infer', async (request) => [await embed(request.body.inputs)]);
await app.listen({ host: '127.0.0.1', port: Number(port) });

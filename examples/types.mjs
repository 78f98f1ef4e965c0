// Writes prosa-http.d.ts and prosa-events.d.ts, from what a server (or a folder) says of itself: node types.mjs SERVER-OR-FOLDER [OUT]
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import yaml from 'js-yaml';
import openapiTS, { astToString } from 'openapi-typescript';

const [from = 'http://localhost:3001', out = '.'] = process.argv.slice(2);
const read = async (name) => yaml.load(from.startsWith('http') ? await (await fetch(`${from}/${name}`)).text() : await readFile(join(from, name), 'utf8'));
const http = await read('openapi.yaml'), events = await read('asyncapi.yaml');

// The forms of events are forms like others, with those of the HTTP interface that they use beside them.
const schemas = { ...http.components.schemas, ...events.components.schemas };
const own = JSON.parse(JSON.stringify(schemas).replaceAll('./openapi.yaml#', '#'));
const forms = { openapi: '3.1.0', info: events.info, paths: {}, components: { schemas: own } };

for (const [name, document] of [['prosa-http', http], ['prosa-events', forms]])
  await writeFile(join(out, `${name}.d.ts`), astToString(await openapiTS(document)));

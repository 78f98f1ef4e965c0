// A program with Prisma's client, as a NestJS backend has it, on PostgreSQL or SQLite. The client is the one that runs on
// driver adapters: nothing is downloaded but npm's packages.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const execute = promisify(execFile);

async function install() {
  if (!existsSync(join(here, 'node_modules/.package-lock.json')))
    await execute('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: here });
}

const enums = { SessionStatus: 'ACTIVE ENDED', FeedbackSeverity: 'info warning critical', OrganizationRole: 'OWNER ADMIN MEMBER',
  FeedbackType: 'silencio_prolongado volume_baixo volume_alto tendencia_emocional_negativa engajamento_baixo frustracao_crescente ' +
    'entusiasmo_alto monotonia_prosodica ritmo_acelerado ritmo_pausado energia_grupo_baixa polarizacao_emocional ' +
    'interrupcoes_frequentes efeito_pos_interrupcao overlap_fala monologo_prolongado ruido_de_fundo' };

// Columns as `name type`; a type with a question mark is optional. Of these both the schema and the tables are made.
const models = {
  Session: ['id String @id @default(uuid())', 'meetingId String @unique', 'roomSid String? @unique', 'roomName String',
    'status SessionStatus @default(ACTIVE)', 'startedAt DateTime @default(now())', 'endedAt DateTime?'],
  FeedbackEvent: ['id String @id @default(uuid())', 'meetingId String', 'participantId String', 'type FeedbackType',
    'severity FeedbackSeverity', 'ts DateTime', 'windowStart DateTime', 'windowEnd DateTime', 'message String', 'metadata Json?',
    'createdAt DateTime @default(now())', 'expiresAt DateTime'],
  User: ['id String @id @default(uuid())', 'email String @unique', 'name String?', 'passwordHash String?',
    'createdAt DateTime @default(now())', 'updatedAt DateTime @updatedAt'],
  Organization: ['id String @id @default(uuid())', 'name String', 'slug String @unique', 'createdAt DateTime @default(now())',
    'updatedAt DateTime @updatedAt'],
  OrganizationMembership: ['id String @id @default(uuid())', 'userId String', 'organizationId String',
    'role OrganizationRole @default(MEMBER)', 'createdAt DateTime @default(now())'],
  RefreshToken: ['id String @id @default(uuid())', 'userId String', 'tokenHash String @unique',
    'createdAt DateTime @default(now())', 'expiresAt DateTime', 'revokedAt DateTime?'],
};

const isEnum = (type) => type.replace('?', '') in enums;

function schemaOf(provider) {
  const plain = (column) => (provider === 'sqlite' ? column.replace(/ (\w+)(\??)( @default\(([A-Z]+)\))?$/, (all, type, optional, _, value) =>
    isEnum(type) ? ` String${optional}${value ? ` @default("${value}")` : ''}` : all) : column);
  const blocks = Object.entries(models).map(([name, columns]) =>
    `model ${name} {\n${columns.map((column) => `  ${plain(column)}`).join('\n')}\n}`);
  if (provider !== 'sqlite')
    blocks.push(...Object.entries(enums).map(([name, values]) => `enum ${name} {\n  ${values.split(' ').join('\n  ')}\n}`));
  return `generator client {\n  provider = "prisma-client-js"\n  engineType = "client"\n  output = "./client"\n}\n` +
    `datasource db {\n  provider = "${provider}"\n  url = "file:./unused"\n}\n${blocks.join('\n')}\n`;
}

// As `prisma migrate` makes them.
export function tablesOf(provider) {
  const types = provider === 'sqlite' ? { String: 'TEXT', DateTime: 'DATETIME', Json: 'JSONB' }
    : { String: 'TEXT', DateTime: 'TIMESTAMP(3)', Json: 'JSONB' };
  const column = (text) => {
    const [name, type] = text.split(' ');
    const word = type.replace('?', '');
    const made = isEnum(word) ? (provider === 'sqlite' ? 'TEXT' : `"${word}"`) : types[word];
    const value = /@default\(([A-Z]+)\)/.exec(text);
    return `"${name}" ${made}${type.endsWith('?') ? '' : ' NOT NULL'}${text.includes('@id') ? ' PRIMARY KEY' : ''}` +
      `${value ? ` DEFAULT '${value[1]}'` : text.includes('now()') ? ' DEFAULT CURRENT_TIMESTAMP' : ''}`;
  };
  const sql = provider === 'sqlite' ? [] : Object.entries(enums).map(([name, values]) =>
    `CREATE TYPE "${name}" AS ENUM (${values.split(' ').map((value) => `'${value}'`).join(', ')})`);
  for (const [name, columns] of Object.entries(models)) {
    sql.push(`CREATE TABLE "${name}" (${columns.map(column).join(', ')})`);
    for (const text of columns.filter((text) => text.includes('@unique')))
      sql.push(`CREATE UNIQUE INDEX "${name}_${text.split(' ')[0]}_key" ON "${name}"("${text.split(' ')[0]}")`);
  }
  return sql;
}

export const columnsOf = (model) => models[model].map((text) => text.split(' ')[0]);
export const modelNames = Object.keys(models);

// A client of the database; `folder` is for what is generated. `times`: SQLite's 'iso8601' or 'unixepoch-ms'.
export async function openOldApp(provider, url, folder, { times } = {}) {
  await install();
  await mkdir(folder, { recursive: true });
  await symlink(join(here, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'schema.prisma'), schemaOf(provider));
  // An empty file stands for the engines, which this client does without.
  const none = join(folder, 'none.so.node');
  await writeFile(none, '');
  await execute(join(here, 'node_modules/.bin/prisma'), ['generate', '--no-hints', '--schema', join(folder, 'schema.prisma')],
    { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1',
      PRISMA_SCHEMA_ENGINE_BINARY: none, PRISMA_QUERY_ENGINE_LIBRARY: none } });
  const require = createRequire(pathToFileURL(join(folder, 'x.js')));
  const { PrismaClient } = require('./client');
  const adapter = provider === 'sqlite'
    ? new (require('@prisma/adapter-libsql').PrismaLibSQL)({ url }, times ? { timestampFormat: times } : undefined)
    : new (require('@prisma/adapter-pg').PrismaPg)({ connectionString: url });
  const prisma = new PrismaClient({ adapter });
  return { prisma, makeTables: async () => { for (const sql of tablesOf(provider)) await prisma.$executeRawUnsafe(sql); } };
}

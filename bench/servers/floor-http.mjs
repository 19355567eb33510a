// The floor on node:http alone: what Express itself costs is the difference to floor-express.
import { answer } from '../lib/floor-core.mjs';
import { listen } from '../lib/listen.mjs';
import { readJson } from '../lib/read-json.mjs';

listen((request, response) => readJson(request, (body) => answer(body, response)));

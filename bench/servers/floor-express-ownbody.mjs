// The floor on Express 5 with a handler that reads the body itself: the difference is what express.json() costs.
import express from 'express';
import { answer } from '../lib/floor-core.mjs';
import { listen } from '../lib/listen.mjs';
import { readJson } from '../lib/read-json.mjs';

const app = express();
app.post('/a2a', (request, response) => readJson(request, (body) => answer(body, response)));
listen(app);

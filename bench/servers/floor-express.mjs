// The floor on Express 5 with express.json().
import express from 'express';
import { answer } from '../lib/floor-core.mjs';
import { listen } from '../lib/listen.mjs';

const app = express();
app.post('/a2a', express.json(), (request, response) => answer(request.body, response));
listen(app);

// CAP (OData 4) with its version 2 adapter in front, its data, and a door to its store that is no OData.
const cds = require('@sap/cds')
const adapter = require('@cap-js-community/odata-v2-adapter')

const TEXTS = ['plain', "O'Brien", 'Größe Ω', 'emoji 🚀', 'line\nbreak', '"quoted" \\ back', '', null]
const pad = (number, width) => String(number).padStart(width, '0')

function projects () {
  return Array.from({ length: 23 }, (_, n) => ({
    id: n + 1,
    name: TEXTS[n % TEXTS.length],
    stage: ['planned', 'started', 'done', null][n % 4],
    budget_amount: n % 5 ? `${n * 1000}.25` : null,
    budget_currency: n % 5 ? 'EUR' : null,
    started: n % 3 ? `20${pad(n, 2)}-02-28` : null,
    created: `2026-01-01T00:00:${pad(n, 2)}.${pad(n * 7, 3)}Z`,
    phone: `+353 1 ${pad(n, 4)}`
  }))
}

function tasks () {
  return Array.from({ length: 61 }, (_, n) => ({
    ID: `0f8fad5b-d9cb-469f-a165-${pad((n * 37) % 61, 12)}`,
    part: n % 3,
    name: TEXTS[n % TEXTS.length],
    number: [0, -1, 9007199254740991, -9007199254740991, null][n % 5],
    cost: ['0.000001', '-1234567.654321', '99.5', null][n % 4],
    free: ['1.5', '0.0001', '123456', null][n % 4],
    rate: [0, -2.5, 1e-7, 1.7976931348623157e308, null][n % 5],
    due: ['2026-02-28', '0001-01-01', '9999-12-31', null][n % 4],
    opens: ['00:00:00', '23:59:59', '06:30:15', null][n % 4],
    seen: n % 2 ? `2025-06-0${1 + n % 9}T10:11:12Z` : null,
    modifiedAt: `2026-03-${pad(1 + n % 28, 2)}T${pad(n % 24, 2)}:${pad(n % 60, 2)}:30.${pad(n, 3)}Z`,
    secret: n % 3 ? Buffer.from([0, 251, 255, n]) : null,
    done: [true, false, null][n % 3],
    tags: n % 4 ? ['red', `tag ${n}`].slice(0, n % 3) : [],
    marks: n % 5 ? [{ word: 'w' + n, weight: n }, { word: null, weight: -n }].slice(0, n % 3) : [],
    project_id: n % 7 ? 1 + n % 23 : null
  }))
}

cds.on('bootstrap', app => {
  app.use(adapter())
  app.get('/store/:table', async (request, response) => {
    const table = { Projects: 'db_Projects', Tasks: 'db_Tasks' }[request.params.table]
    response.json(await cds.db.run(`SELECT * FROM ${table}`))
  })
})
cds.on('served', async () => {
  await cds.run(INSERT.into('db.Projects').entries(projects()))
  await cds.run(INSERT.into('db.Tasks').entries(tasks()))
})

module.exports = cds.server

// JayStack's OData 4 server over records in memory; /store gives them as they are, and PATCH changes one.
// The options are parsed, filtered and answered by the packages; only order and places are ours.
require("reflect-metadata");
const express = require("express");
const { Edm, ODataController, ODataServer, odata } = require("odata-v4-server");
const { createFilter } = require("odata-v4-inmemory");

const records = Array.from({ length: 61 }, (_, n) => ({
  TaskId: n * 3 + 1,
  Name: ["O'Brien", "Zoë", "a\tb", ""][n % 4] + n,
  Big: 9007199254740000 + n,
  Cost: n % 5 ? n + 0.25 : null,
  Rate: n / 7,
  Done: n % 2 === 0,
  Due: `2025-01-${String((n % 28) + 1).padStart(2, "0")}`,
  ModifiedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, n, n)),
  Reference: `${String(n).padStart(8, "0")}-1111-4222-8333-444455556666`,
}));

class Task {}
const types = {
  TaskId: Edm.Int32, Name: Edm.String, Big: Edm.Int64, Cost: Edm.Decimal, Rate: Edm.Double, Done: Edm.Boolean,
  Due: Edm.Date, ModifiedAt: Edm.DateTimeOffset, Reference: Edm.Guid,
};
for (const [name, type] of Object.entries(types)) {
  Reflect.decorate(name === "TaskId" ? [Edm.Key, type] : [type], Task.prototype, name);
}

function ordered(found, terms) {
  const compare = (one, other) => {
    for (const term of terms) {
      const [name, way] = decodeURIComponent(term).trim().split(" ");
      if (one[name] !== other[name]) return (one[name] < other[name] ? -1 : 1) * (way === "desc" ? -1 : 1);
    }
    return 0;
  };
  return found.sort(compare);
}

class Tasks extends ODataController {
  find(query) {
    const options = Object.fromEntries(((query && query.value.options) || []).map((each) => [each.type, each]));
    const value = (name, otherwise) => (options[name] ? options[name].raw.split("=")[1] : otherwise);
    let found = options.Filter ? records.filter(createFilter(options.Filter)) : records.slice();
    const count = found.length;
    if (options.OrderBy) found = ordered(found, value("OrderBy").split(","));
    const begin = Number(value("Skip", 0));
    found = found.slice(begin, begin + Number(value("Top", 1000))).map((each) => ({ ...each }));
    if (options.InlineCount) found.inlinecount = count;
    return found;
  }
}
const find = Object.getOwnPropertyDescriptor(Tasks.prototype, "find");
Reflect.decorate([odata.GET], Tasks.prototype, "find", find);
odata.query(Tasks.prototype, "find", 0);
odata.type(Task)(Tasks);

class Server extends ODataServer {}
odata.namespace("Plan")(Server);
odata.controller(Tasks, "Tasks", Task)(Server);

const app = express();
app.get("/store", (_, answer) => answer.json(records));
app.patch("/store", express.json(), (request, answer) => {
  const { ModifiedAt, ...values } = request.body;
  const record = records.find((each) => each.TaskId === values.TaskId);
  answer.json(Object.assign(record, values, { ModifiedAt: new Date(ModifiedAt) }));
});
app.use("/odata", Server.create());
app.listen(Number(process.env.PORT), "127.0.0.1");

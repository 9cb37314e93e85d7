// One service with the types that OData has, for discovery and sync. The adapter offers the same in version 2.

type Money { amount : Decimal(15, 2); currency : String(3); }
type Mark { word : String; weight : Integer; }

entity db.Projects {
  key id       : Integer;
  name         : String(200) @title : 'Name of the project';
  stage        : String enum { planned; started; done; };
  budget       : Money;
  started      : Date;
  created      : Timestamp;
  phone        : String;
  tasks        : Composition of many db.Tasks on tasks.project = $self;
}

entity db.Tasks {
  key ID       : UUID;
  key part     : Integer;
  name         : String;
  number       : Integer64;
  cost         : Decimal(20, 6);
  free         : Decimal;
  rate         : Double;
  due          : Date;
  opens        : Time;
  seen         : DateTime;
  modifiedAt   : Timestamp not null;
  secret       : Binary(32);
  done         : Boolean;
  tags         : many String;
  marks        : many Mark;
  project      : Association to db.Projects;
}

// described, but never answered: it has no table
@cds.persistence.skip entity db.Totals { key id : Integer; amount : Decimal(15, 2); }

@path : '/plan'
service Plan {
  entity Projects as projection on db.Projects;
  entity Tasks as projection on db.Tasks;
  @readonly entity Totals as projection on db.Totals;
  function version() returns String;
}

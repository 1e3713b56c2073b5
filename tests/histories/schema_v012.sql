PRAGMA user_version = 12;
BEGIN TRANSACTION;
CREATE TABLE "attempts" (
        "execution_id" TEXT NOT NULL,
        "step" TEXT NOT NULL,
        "number" INTEGER NOT NULL,
        "started_at" INTEGER NOT NULL,
        "ended_at" INTEGER,
        "error" BLOB,
        PRIMARY KEY ("execution_id", "step", "number"),
        FOREIGN KEY ("execution_id") REFERENCES "executions" ("id") ON DELETE CASCADE
    ) WITHOUT ROWID
    ;
INSERT INTO "attempts" VALUES('exe_4yedr17t4y901yg6cag2','approved',1,1767225600000000,NULL,NULL);
INSERT INTO "attempts" VALUES('exe_4yedr17t4y901yg6cag2','pack',1,1767225600000000,1767225600000000,NULL);
INSERT INTO "attempts" VALUES('exe_4yedr17t4y901yg6cag2','pick',1,1767225600000000,1767225600000000,NULL);
INSERT INTO "attempts" VALUES('exe_cmbe0c8gc1ss7myr1t1w','pack',1,1767232800000000,NULL,NULL);
INSERT INTO "attempts" VALUES('exe_cmbe0c8gc1ss7myr1t1w','pick',1,1767232800000000,1767232800000000,NULL);
INSERT INTO "attempts" VALUES('exe_v0kxcktjpkb26brr9fj7','approved',1,1767225600000000,1767225600000000,NULL);
INSERT INTO "attempts" VALUES('exe_v0kxcktjpkb26brr9fj7','pack',1,1767225600000000,1767225600000000,NULL);
INSERT INTO "attempts" VALUES('exe_v0kxcktjpkb26brr9fj7','pick',1,1767225600000000,1767225600000000,NULL);
INSERT INTO "attempts" VALUES('exe_v0kxcktjpkb26brr9fj7','ship',1,1767225600000000,1767225600000000,X'93AF436F6E6E656374696F6E4572726F72A86E6F206C6F727279D9A754726163656261636B20286D6F737420726563656E742063616C6C206C617374293A0A202046696C6520222F776F726B2F77742D7472612F74657374732F686973746F726965732F64656C697665726965732E7079222C206C696E652033362C20696E20676F0A20202020726169736520436F6E6E656374696F6E4572726F7228226E6F206C6F72727922290A436F6E6E656374696F6E4572726F723A206E6F206C6F7272790A');
INSERT INTO "attempts" VALUES('exe_v0kxcktjpkb26brr9fj7','ship',2,1767225900000000,1767225900000000,NULL);
INSERT INTO "attempts" VALUES('exe_v0kxcktjpkb26brr9fj7','thank',1,1767225900000000,1767225900000000,NULL);
INSERT INTO "attempts" VALUES('exe_vbn9dzh8fkk5wh2vhrwe','approved',1,1767225600000000,1767232800000000,NULL);
INSERT INTO "attempts" VALUES('exe_vbn9dzh8fkk5wh2vhrwe','pack',1,1767225600000000,1767225600000000,NULL);
INSERT INTO "attempts" VALUES('exe_vbn9dzh8fkk5wh2vhrwe','pick',1,1767225600000000,1767225600000000,NULL);
INSERT INTO "attempts" VALUES('exe_vbn9dzh8fkk5wh2vhrwe','ship',1,1767232800000000,1767232800000000,X'93AF436F6E6E656374696F6E4572726F72A86E6F206C6F727279D9A754726163656261636B20286D6F737420726563656E742063616C6C206C617374293A0A202046696C6520222F776F726B2F77742D7472612F74657374732F686973746F726965732F64656C697665726965732E7079222C206C696E652033362C20696E20676F0A20202020726169736520436F6E6E656374696F6E4572726F7228226E6F206C6F72727922290A436F6E6E656374696F6E4572726F723A206E6F206C6F7272790A');
CREATE TABLE "audit" (
        "id" INTEGER NOT NULL PRIMARY KEY,
        "at" INTEGER NOT NULL,
        "token_id" TEXT,
        "token_name" TEXT,
        "role" TEXT NOT NULL,
        "address" TEXT NOT NULL,
        "action" TEXT NOT NULL,
        "schedule_id" TEXT,
        "workflow_id" TEXT,
        "execution_id" TEXT,
        "status" INTEGER NOT NULL,
        "request_id" TEXT,
        "detail" BLOB
    );
CREATE TABLE "backfills" (
        "id" TEXT NOT NULL PRIMARY KEY,
        "schedule_id" TEXT NOT NULL,
        "start" INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        "overlap" TEXT NOT NULL,
        "max_concurrency" INTEGER NOT NULL,
        "priority" INTEGER NOT NULL,
        "params" BLOB NOT NULL,
        "total" INTEGER NOT NULL,
        "created_at" INTEGER NOT NULL,
        "cancelled_at" INTEGER
    );
CREATE TABLE "calendars" (
        "name" TEXT NOT NULL PRIMARY KEY,
        "description" TEXT NOT NULL,
        "source" TEXT NOT NULL,
        "days" BLOB NOT NULL,
        "since" INTEGER,
        "through" INTEGER,
        "icalendar" TEXT,
        "version" INTEGER NOT NULL,
        "created_at" INTEGER NOT NULL,
        "updated_at" INTEGER NOT NULL
    );
CREATE TABLE "deliveries" (
        "id" INTEGER NOT NULL PRIMARY KEY,
        "name" TEXT NOT NULL,
        "key" TEXT NOT NULL,
        "payload" BLOB,
        "at" INTEGER NOT NULL,
        "chain" BLOB NOT NULL,
        "source" TEXT,
        "listeners" BLOB NOT NULL,
        "answer" BLOB NOT NULL,
        "idempotency_key" TEXT,
        "digest" BLOB,
        "done_at" INTEGER
    , "traceparent" TEXT);
CREATE TABLE "events" (
        "seq" INTEGER NOT NULL PRIMARY KEY,
        "type" TEXT NOT NULL,
        "schedule_id" TEXT,
        "workflow_id" TEXT,
        "execution_id" TEXT,
        "timestamp" INTEGER NOT NULL,
        "data" BLOB NOT NULL
    );
INSERT INTO "events" VALUES(1,'workflow.started',NULL,'delivery','exe_4yedr17t4y901yg6cag2',1767225600000000,X'82A774726967676572A3617069AD7363686564756C656454696D65BB323032362D30312D30315430303A30303A30302E3030303030305A');
INSERT INTO "events" VALUES(2,'workflow.step.started',NULL,'delivery','exe_4yedr17t4y901yg6cag2',1767225600000000,X'82A473746570A47069636BA7617474656D707401');
INSERT INTO "events" VALUES(3,'workflow.step.completed',NULL,'delivery','exe_4yedr17t4y901yg6cag2',1767225600000000,X'84A473746570A47069636BA7617474656D707401A86475726174696F6ECB0000000000000000AA726573756C7453697A6503');
INSERT INTO "events" VALUES(4,'workflow.step.started',NULL,'delivery','exe_4yedr17t4y901yg6cag2',1767225600000000,X'82A473746570A47061636BA7617474656D707401');
INSERT INTO "events" VALUES(5,'workflow.step.completed',NULL,'delivery','exe_4yedr17t4y901yg6cag2',1767225600000000,X'84A473746570A47061636BA7617474656D707401A86475726174696F6ECB0000000000000000AA726573756C7453697A6501');
INSERT INTO "events" VALUES(6,'workflow.step.started',NULL,'delivery','exe_4yedr17t4y901yg6cag2',1767225600000000,X'82A473746570A8617070726F766564A7617474656D707401');
INSERT INTO "events" VALUES(7,'workflow.started',NULL,'delivery','exe_vbn9dzh8fkk5wh2vhrwe',1767225600000000,X'82A774726967676572A3617069AD7363686564756C656454696D65BB323032362D30312D30315430303A30303A30302E3030303030305A');
INSERT INTO "events" VALUES(8,'workflow.step.started',NULL,'delivery','exe_vbn9dzh8fkk5wh2vhrwe',1767225600000000,X'82A473746570A47069636BA7617474656D707401');
INSERT INTO "events" VALUES(9,'workflow.step.completed',NULL,'delivery','exe_vbn9dzh8fkk5wh2vhrwe',1767225600000000,X'84A473746570A47069636BA7617474656D707401A86475726174696F6ECB0000000000000000AA726573756C7453697A6503');
INSERT INTO "events" VALUES(10,'workflow.step.started',NULL,'delivery','exe_vbn9dzh8fkk5wh2vhrwe',1767225600000000,X'82A473746570A47061636BA7617474656D707401');
INSERT INTO "events" VALUES(11,'workflow.step.completed',NULL,'delivery','exe_vbn9dzh8fkk5wh2vhrwe',1767225600000000,X'84A473746570A47061636BA7617474656D707401A86475726174696F6ECB0000000000000000AA726573756C7453697A6501');
INSERT INTO "events" VALUES(12,'workflow.step.started',NULL,'delivery','exe_vbn9dzh8fkk5wh2vhrwe',1767225600000000,X'82A473746570A8617070726F766564A7617474656D707401');
INSERT INTO "events" VALUES(13,'workflow.started',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225600000000,X'82A774726967676572A3617069AD7363686564756C656454696D65BB323032362D30312D30315430303A30303A30302E3030303030305A');
INSERT INTO "events" VALUES(14,'workflow.step.started',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225600000000,X'82A473746570A47069636BA7617474656D707401');
INSERT INTO "events" VALUES(15,'workflow.step.completed',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225600000000,X'84A473746570A47069636BA7617474656D707401A86475726174696F6ECB0000000000000000AA726573756C7453697A6503');
INSERT INTO "events" VALUES(16,'workflow.step.started',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225600000000,X'82A473746570A47061636BA7617474656D707401');
INSERT INTO "events" VALUES(17,'workflow.step.completed',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225600000000,X'84A473746570A47061636BA7617474656D707401A86475726174696F6ECB0000000000000000AA726573756C7453697A6501');
INSERT INTO "events" VALUES(18,'workflow.step.started',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225600000000,X'82A473746570A8617070726F766564A7617474656D707401');
INSERT INTO "events" VALUES(19,'workflow.step.completed',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225600000000,X'84A473746570A8617070726F766564A7617474656D707401A86475726174696F6ECB0000000000000000AA726573756C7453697A6501');
INSERT INTO "events" VALUES(20,'workflow.step.started',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225600000000,X'82A473746570A473686970A7617474656D707401');
INSERT INTO "events" VALUES(21,'workflow.step.retrying',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225600000000,X'84A473746570A473686970A7617474656D707401A56572726F7282A474797065AF436F6E6E656374696F6E4572726F72A76D657373616765A86E6F206C6F727279A564656C6179CB4072C00000000000');
INSERT INTO "events" VALUES(22,'workflow.step.started',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225900000000,X'82A473746570A473686970A7617474656D707402');
INSERT INTO "events" VALUES(23,'workflow.step.completed',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225900000000,X'84A473746570A473686970A7617474656D707402A86475726174696F6ECB0000000000000000AA726573756C7453697A6507');
INSERT INTO "events" VALUES(24,'workflow.step.started',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225900000000,X'82A473746570A57468616E6BA7617474656D707401');
INSERT INTO "events" VALUES(25,'workflow.step.completed',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225900000000,X'84A473746570A57468616E6BA7617474656D707401A86475726174696F6ECB0000000000000000AA726573756C7453697A6508');
INSERT INTO "events" VALUES(26,'workflow.completed',NULL,'delivery','exe_v0kxcktjpkb26brr9fj7',1767225900000000,X'82A86475726174696F6ECB4072C00000000000AA726573756C7453697A6508');
INSERT INTO "events" VALUES(27,'workflow.step.completed',NULL,'delivery','exe_vbn9dzh8fkk5wh2vhrwe',1767232800000000,X'84A473746570A8617070726F766564A7617474656D707401A86475726174696F6ECB40BC200000000000AA726573756C7453697A6501');
INSERT INTO "events" VALUES(28,'workflow.step.started',NULL,'delivery','exe_vbn9dzh8fkk5wh2vhrwe',1767232800000000,X'82A473746570A473686970A7617474656D707401');
INSERT INTO "events" VALUES(29,'workflow.step.retrying',NULL,'delivery','exe_vbn9dzh8fkk5wh2vhrwe',1767232800000000,X'84A473746570A473686970A7617474656D707401A56572726F7282A474797065AF436F6E6E656374696F6E4572726F72A76D657373616765A86E6F206C6F727279A564656C6179CB4072C00000000000');
INSERT INTO "events" VALUES(30,'workflow.started',NULL,'delivery','exe_cmbe0c8gc1ss7myr1t1w',1767232800000000,X'82A774726967676572A3617069AD7363686564756C656454696D65BB323032362D30312D30315430323A30303A30302E3030303030305A');
INSERT INTO "events" VALUES(31,'workflow.step.started',NULL,'delivery','exe_cmbe0c8gc1ss7myr1t1w',1767232800000000,X'82A473746570A47069636BA7617474656D707401');
INSERT INTO "events" VALUES(32,'workflow.step.completed',NULL,'delivery','exe_cmbe0c8gc1ss7myr1t1w',1767232800000000,X'84A473746570A47069636BA7617474656D707401A86475726174696F6ECB0000000000000000AA726573756C7453697A6503');
INSERT INTO "events" VALUES(33,'workflow.step.started',NULL,'delivery','exe_cmbe0c8gc1ss7myr1t1w',1767232800000000,X'82A473746570A47061636BA7617474656D707401');
CREATE TABLE "executions" (
        "id" TEXT NOT NULL PRIMARY KEY,
        "workflow_id" TEXT NOT NULL,
        "schedule_id" TEXT,
        "status" TEXT NOT NULL,
        "trigger" TEXT NOT NULL,
        "scheduled_time" INTEGER NOT NULL,
        "due" INTEGER,
        "queued_at" INTEGER NOT NULL,
        "started_at" INTEGER,
        "ended_at" INTEGER,
        "priority" INTEGER NOT NULL,
        "params" BLOB NOT NULL,
        "context" BLOB NOT NULL,
        "options" BLOB NOT NULL,
        "result" BLOB,
        "error" BLOB,
        "retry_of" TEXT,
        "boot_id" TEXT
    , "parent_id" TEXT, "parent_step" TEXT, "wake_at" INTEGER, "stop_reason" TEXT, "chain" BLOB, "backfill_id" TEXT, "traceparent" TEXT);
INSERT INTO "executions" VALUES('exe_4yedr17t4y901yg6cag2','delivery',NULL,'waiting','api',1767225600000000,NULL,1767225600000000,1767225600000000,NULL,5,X'81A66E756D62657201',X'80',X'84A774696D656F7574C0A57265747279C0AE6D6178436F6E63757272656E6379C0A5737465707395A47069636BA47061636BA8617070726F766564A473686970A57468616E6B',NULL,NULL,NULL,'boot_nfcb6h89rtd3sfbdh7ps',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "executions" VALUES('exe_vbn9dzh8fkk5wh2vhrwe','delivery',NULL,'running','api',1767225600000000,NULL,1767225600000000,1767225600000000,NULL,5,X'81A66E756D62657202',X'80',X'84A774696D656F7574C0A57265747279C0AE6D6178436F6E63757272656E6379C0A5737465707395A47069636BA47061636BA8617070726F766564A473686970A57468616E6B',NULL,NULL,NULL,'boot_nfcb6h89rtd3sfbdh7ps',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "executions" VALUES('exe_v0kxcktjpkb26brr9fj7','delivery',NULL,'succeeded','api',1767225600000000,NULL,1767225600000000,1767225600000000,1767225900000000,5,X'81A66E756D62657203',X'80',X'84A774696D656F7574C0A57265747279C0AE6D6178436F6E63757272656E6379C0A5737465707395A47069636BA47061636BA8617070726F766564A473686970A57468616E6B',X'A77468616E6B2033',NULL,NULL,'boot_nfcb6h89rtd3sfbdh7ps',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "executions" VALUES('exe_cmbe0c8gc1ss7myr1t1w','delivery',NULL,'running','api',1767232800000000,NULL,1767232800000000,1767232800000000,NULL,5,X'81A66E756D62657204',X'80',X'84A774696D656F7574C0A57265747279C0AE6D6178436F6E63757272656E6379C0A5737465707395A47069636BA47061636BA8617070726F766564A473686970A57468616E6B',NULL,NULL,NULL,'boot_nfcb6h89rtd3sfbdh7ps',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "executions" VALUES('exe_jxc9zaqh2mj763at9pvj','delivery',NULL,'queued','api',1767232800000000,NULL,1767232800000000,NULL,NULL,5,X'81A66E756D62657205',X'80',X'84A774696D656F7574C0A57265747279C0AE6D6178436F6E63757272656E6379C0A57374657073C0',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE "facts" (
        "name" TEXT NOT NULL PRIMARY KEY,
        "value" TEXT NOT NULL
    ) WITHOUT ROWID
    ;
INSERT INTO "facts" VALUES('time zone data','system 2025b');
CREATE TABLE "fires" (
        "schedule_id" TEXT NOT NULL,
        "due" INTEGER NOT NULL,
        "decided_at" INTEGER NOT NULL,
        "outcome" TEXT NOT NULL,
        "reason" TEXT,
        "execution_id" TEXT,
        "blocked_by" TEXT,
        "through" INTEGER, "instants" INTEGER NOT NULL DEFAULT 1, "jitter" INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY ("schedule_id", "due")
    ) WITHOUT ROWID
    ;
CREATE TABLE "idempotent_requests" (
        "caller" TEXT NOT NULL,
        "method" TEXT NOT NULL,
        "path" TEXT NOT NULL,
        "key" TEXT NOT NULL,
        "digest" BLOB NOT NULL,
        "planned_id" TEXT NOT NULL,
        "status" INTEGER,
        "headers" BLOB,
        "answer" BLOB,
        "at" INTEGER NOT NULL,
        PRIMARY KEY ("caller", "method", "path", "key")
    );
CREATE TABLE "outputs" (
        "id" INTEGER NOT NULL PRIMARY KEY,
        "execution_id" TEXT NOT NULL,
        "step" TEXT NOT NULL,
        "number" INTEGER NOT NULL,
        "output" BLOB NOT NULL,
        FOREIGN KEY ("execution_id") REFERENCES "executions" ("id") ON DELETE CASCADE
    );
CREATE TABLE "schedule_days" (
        "schedule_id" TEXT NOT NULL,
        "day" INTEGER NOT NULL,
        "workflow_id" TEXT NOT NULL,
        
    "succeeded" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "timed_out" INTEGER NOT NULL DEFAULT 0,
    "cancelled" INTEGER NOT NULL DEFAULT 0,
    "skipped" INTEGER NOT NULL DEFAULT 0,
    "missed" INTEGER NOT NULL DEFAULT 0
,
        "duration_sum" INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY ("schedule_id", "day", "workflow_id")
    ) WITHOUT ROWID
    ;
CREATE TABLE "schedules" (
        "id" TEXT NOT NULL PRIMARY KEY,
        "workflow_id" TEXT NOT NULL,
        "name" TEXT NOT NULL,
        "description" TEXT NOT NULL,
        "status" TEXT NOT NULL,
        "note" TEXT NOT NULL,
        "schedule_config" BLOB NOT NULL,
        "execution_config" BLOB NOT NULL,
        "metadata" BLOB NOT NULL,
        "version" INTEGER NOT NULL,
        "created_at" INTEGER NOT NULL,
        "updated_at" INTEGER NOT NULL,
        "next_fire" INTEGER,
        "last_execution_at" INTEGER,
        "last_error" BLOB,
        "executions" INTEGER NOT NULL DEFAULT 0,
        "succeeded" INTEGER NOT NULL DEFAULT 0,
        "failed" INTEGER NOT NULL DEFAULT 0,
        "duration_sum" INTEGER NOT NULL DEFAULT 0,
        "last_duration" INTEGER
    , "next_due" INTEGER, "resumed_at" INTEGER, "runs" INTEGER NOT NULL DEFAULT 0, "failures_in_row" INTEGER NOT NULL DEFAULT 0, "event" TEXT);
CREATE TABLE "steps" (
        "execution_id" TEXT NOT NULL,
        "name" TEXT NOT NULL,
        "status" TEXT NOT NULL,
        "result" BLOB,
        "progress" BLOB, "wake_at" INTEGER, "event" TEXT, "event_key" TEXT, "child_id" TEXT,
        PRIMARY KEY ("execution_id", "name"),
        FOREIGN KEY ("execution_id") REFERENCES "executions" ("id") ON DELETE CASCADE
    ) WITHOUT ROWID
    ;
INSERT INTO "steps" VALUES('exe_4yedr17t4y901yg6cag2','approved','waiting',NULL,NULL,NULL,'approved','1',NULL);
INSERT INTO "steps" VALUES('exe_4yedr17t4y901yg6cag2','pack','succeeded',X'03',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "steps" VALUES('exe_4yedr17t4y901yg6cag2','pick','succeeded',X'920102',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "steps" VALUES('exe_cmbe0c8gc1ss7myr1t1w','pack','running',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "steps" VALUES('exe_cmbe0c8gc1ss7myr1t1w','pick','succeeded',X'920405',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "steps" VALUES('exe_v0kxcktjpkb26brr9fj7','approved','succeeded',X'C0',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "steps" VALUES('exe_v0kxcktjpkb26brr9fj7','pack','succeeded',X'07',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "steps" VALUES('exe_v0kxcktjpkb26brr9fj7','pick','succeeded',X'920304',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "steps" VALUES('exe_v0kxcktjpkb26brr9fj7','ship','succeeded',X'A6736869702033',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "steps" VALUES('exe_v0kxcktjpkb26brr9fj7','thank','succeeded',X'A77468616E6B2033',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "steps" VALUES('exe_vbn9dzh8fkk5wh2vhrwe','approved','succeeded',X'C0',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "steps" VALUES('exe_vbn9dzh8fkk5wh2vhrwe','pack','succeeded',X'05',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "steps" VALUES('exe_vbn9dzh8fkk5wh2vhrwe','pick','succeeded',X'920203',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "steps" VALUES('exe_vbn9dzh8fkk5wh2vhrwe','ship','retrying',NULL,NULL,1767233100000000,NULL,NULL,NULL);
CREATE TABLE "tokens" (
        "id" TEXT NOT NULL PRIMARY KEY,
        "name" TEXT NOT NULL,
        "digest" BLOB NOT NULL,
        "prefix" TEXT NOT NULL,
        "role" TEXT NOT NULL,
        "workflows" BLOB,
        "created_at" INTEGER NOT NULL,
        "expires_at" INTEGER,
        "revoked_at" INTEGER,
        "last_used_at" INTEGER
    );
CREATE TABLE "webhook_deliveries" (
        "webhook_id" TEXT NOT NULL REFERENCES "webhooks" ("id") ON DELETE CASCADE,
        "seq" INTEGER NOT NULL,
        "event_type" TEXT NOT NULL,
        "status" TEXT NOT NULL,
        "body" BLOB NOT NULL,
        "created_at" INTEGER NOT NULL,
        "attempts" INTEGER NOT NULL,
        "next_attempt_at" INTEGER,
        "attempted_at" INTEGER,
        "last_status" INTEGER,
        "last_error" TEXT,
        "duration" INTEGER,
        "delivered_at" INTEGER,
        PRIMARY KEY ("webhook_id", "seq")
    );
CREATE TABLE "webhooks" (
        "id" TEXT NOT NULL PRIMARY KEY,
        "url" TEXT NOT NULL,
        "description" TEXT NOT NULL,
        "topics" BLOB NOT NULL,
        "workflow_ids" BLOB NOT NULL,
        "schedule_id" TEXT,
        "enabled" INTEGER NOT NULL,
        "disabled_reason" TEXT NOT NULL,
        "secret" BLOB NOT NULL,
        "cursor" INTEGER NOT NULL,
        "created_at" INTEGER NOT NULL,
        "updated_at" INTEGER NOT NULL
    );
CREATE TABLE "workflow_durations" (
        "workflow_id" TEXT NOT NULL,
        "day" INTEGER NOT NULL,
        "bucket" INTEGER NOT NULL,
        "executions" INTEGER NOT NULL DEFAULT 0,
        "duration_sum" INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY ("workflow_id", "day", "bucket")
    ) WITHOUT ROWID
    ;
INSERT INTO "workflow_durations" VALUES('delivery',739617,205,1,300000000);
CREATE TABLE "workflow_hours" (
        "hour" INTEGER NOT NULL,
        "workflow_id" TEXT NOT NULL,
        
    "succeeded" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "timed_out" INTEGER NOT NULL DEFAULT 0,
    "cancelled" INTEGER NOT NULL DEFAULT 0,
    "skipped" INTEGER NOT NULL DEFAULT 0,
    "missed" INTEGER NOT NULL DEFAULT 0
,
        PRIMARY KEY ("hour", "workflow_id")
    ) WITHOUT ROWID
    ;
INSERT INTO "workflow_hours" VALUES(1767225600000000,'delivery',1,0,0,0,0,0);
CREATE UNIQUE INDEX "executions_by_schedule_id_due" ON "executions" ("schedule_id", "due")
    ;
CREATE INDEX "executions_by_schedule_id_queued_at" ON "executions" ("schedule_id", "queued_at")
    ;
CREATE INDEX "executions_by_workflow_id_queued_at" ON "executions" ("workflow_id", "queued_at")
    ;
CREATE INDEX "executions_by_status_queued_at" ON "executions" ("status", "queued_at")
    ;
CREATE INDEX "executions_by_queued_at_id" ON "executions" ("queued_at", "id")
    ;
CREATE INDEX "schedules_by_workflow_id" ON "schedules" ("workflow_id")
    ;
CREATE INDEX "schedules_by_status_next_fire" ON "schedules" ("status", "next_fire")
    ;
CREATE INDEX "schedules_by_created_at_id" ON "schedules" ("created_at", "id")
    ;
CREATE INDEX "steps_by_event_event_key" ON "steps" ("event", "event_key")
    WHERE "event" IS NOT NULL
    ;
CREATE UNIQUE INDEX "outputs_by_execution_id_step_number"
    ON "outputs" ("execution_id", "step", "number")
    ;
CREATE INDEX "schedules_by_event" ON "schedules" ("event") WHERE "event" IS NOT NULL
    ;
CREATE UNIQUE INDEX "deliveries_by_at" ON "deliveries" ("at");
CREATE INDEX "deliveries_by_done_at" ON "deliveries" ("done_at");
CREATE UNIQUE INDEX "deliveries_by_name_idempotency_key"
    ON "deliveries" ("name", "idempotency_key")
    ;
CREATE INDEX "backfills_by_schedule_id_created_at_id"
    ON "backfills" ("schedule_id", "created_at", "id")
    ;
CREATE INDEX "executions_by_backfill_id_retry_of_status"
    ON "executions" ("backfill_id", "retry_of", "status")
    WHERE "backfill_id" IS NOT NULL
    ;
CREATE UNIQUE INDEX "tokens_by_digest" ON "tokens" ("digest");
CREATE INDEX "tokens_by_created_at_id" ON "tokens" ("created_at", "id");
CREATE INDEX "audit_by_at_id" ON "audit" ("at", "id");
CREATE INDEX "audit_by_schedule_id" ON "audit" ("schedule_id", "at", "id");
CREATE INDEX "audit_by_token_id" ON "audit" ("token_id", "at", "id");
CREATE INDEX "audit_by_action" ON "audit" ("action", "at", "id");
CREATE INDEX "idempotent_requests_by_at" ON "idempotent_requests" ("at");
CREATE INDEX "webhook_deliveries_by_webhook_id_created_at_seq"
    ON "webhook_deliveries" ("webhook_id", "created_at", "seq")
    ;
CREATE INDEX "webhook_deliveries_by_webhook_id_next_attempt_at"
    ON "webhook_deliveries" ("webhook_id", "next_attempt_at")
    WHERE "next_attempt_at" IS NOT NULL
    ;
CREATE INDEX "workflow_hours_by_workflow_id_hour" ON "workflow_hours" ("workflow_id", "hour")
    ;
CREATE INDEX "schedules_by_failures_in_row" ON "schedules" ("failures_in_row")
    WHERE "failures_in_row" >= 2
    ;
CREATE INDEX "schedules_by_name_id" ON "schedules" ("name" COLLATE NOCASE, "id");
CREATE INDEX "schedules_by_next_fire_id" ON "schedules" ("next_fire", "id");
CREATE INDEX "executions_by_schedule_id_ended_at" ON "executions" ("schedule_id", "ended_at")
    WHERE "ended_at" IS NOT NULL
    ;
CREATE INDEX "open_executions_by_schedule_id" ON "executions" ("schedule_id", "status")
    WHERE "ended_at" IS NULL
    ;
CREATE INDEX "open_executions_by_started_at" ON "executions" ("started_at", "id")
    WHERE "ended_at" IS NULL AND "started_at" IS NOT NULL
    ;
CREATE INDEX "missed_fires_by_decided_at" ON "fires" ("decided_at")
    WHERE "outcome" = 'missed'
    ;
CREATE INDEX "gaps_by_schedule_id_due" ON "fires" ("schedule_id", "due")
    WHERE "outcome" IN ('skipped', 'missed')
    ;
COMMIT;

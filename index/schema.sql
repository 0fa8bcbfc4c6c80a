-- The whole archive. Version 6; see upgrades.py for how older files get here.

-- One row: which state this is, and what the vectors and the full text were made with.
create table meta (
    id integer primary key check (id = 1),
    generation integer not null,       -- bumped by every transaction that changes what a reader can see
    updated text,                      -- when that happened, ISO 8601, UTC
    model text,                        -- fingerprint of the model that made the vectors; null while there are none
    model_name text,                   -- what opens that model again; null for the packaged one
    recipe integer not null,           -- passages.RECIPE of the vectors
    analyser integer not null,         -- text.ANALYSER of the full text
    next_model text                    -- fingerprint of the model that next_vector is being made with
) strict;

create table issue (
    id integer primary key autoincrement,
    newsletter text not null,
    number integer,
    title text not null,
    date text,
    year integer,
    week integer,
    url text,
    language text,
    unassigned text not null,          -- JSON array of links
    source text not null,              -- where the present content was read
    changed integer not null,          -- generation of the last change
    -- the first day that it can have appeared on: its date, or the beginning of its (ISO) week or year
    day text generated always as (
        coalesce(
            date,
            case when week between 1 and 53 then
                date(printf('%04d-01-04', year), 'weekday 0', '-6 days', printf('+%d days', 7 * (week - 1)))
            end,
            case when year between 1 and 9999 then printf('%04d-01-01', year) end
        )
    ) virtual
) strict;
create index issue_number on issue (number);
create index issue_date on issue (date);
create index issue_day on issue (day);

-- Every name under which an issue can arrive again.
create table alias (
    alias text not null primary key,
    issue_id integer not null references issue (id) on delete cascade
) strict, without rowid;
create index alias_issue on alias (issue_id);

-- The newest document of each source that an issue was read from.
create table source (
    source text not null,
    issue_id integer not null references issue (id) on delete cascade,
    content_hash text not null,
    primary key (source, issue_id)
) strict, without rowid;
create index source_issue on source (issue_id);

-- What items point to. Items with one key are one work.
create table work (
    id integer primary key autoincrement,
    key text not null unique
) strict;

create table item (
    id integer primary key autoincrement,
    issue_id integer not null references issue (id) on delete cascade,
    position integer not null,
    title text not null,
    section text,
    subtitle text,
    summary text,
    note text,
    url text,
    work_id integer references work (id),
    kind text not null,
    image text,
    language text,
    words integer not null,            -- how many words the full text has of it
    changed integer not null,          -- generation of the last change to its text or its vector or its issue
    links text                         -- further links, a JSON array of [url, key, kind, text]; null where there are none
) strict;
create index item_issue on item (issue_id, position);
create index item_work on item (work_id);
create index item_changed on item (changed);

-- Where items are found by their further links. Says nothing that item.links does not say.
create table further (
    key text not null,
    item_id integer not null references item (id) on delete cascade,
    site text not null,                -- the host, its labels turned round: com.github
    primary key (key, item_id)
) strict, without rowid;
create index further_item on further (item_id);
create index further_site on further (site, item_id);

-- Items that are gone, so that readers can follow without reading everything again. Ids are never given twice.
create table removed (
    item_id integer primary key,
    generation integer not null
) strict;
create index removed_generation on removed (generation);

create table vector (
    item_id integer primary key references item (id) on delete cascade,
    text_hash blob not null,           -- of the passage, so that equal texts are never embedded twice
    vector blob not null               -- float16, little endian, a unit vector as the model made it
) strict;
create index vector_text on vector (text_hash);

-- Vectors of another model while everything is being embedded anew; they take the place of the others all at once.
create table next_vector (
    item_id integer primary key,
    text_hash blob not null,
    vector blob not null
) strict;

-- Words as text.words() makes them, joined by spaces; rowid is item.id.
create virtual table fulltext using fts5 (
    title, subtitle, summary, note, paper_title, abstract, authors, address, wholes,
    tokenize = "ascii tokenchars '.+#&-|'"
);

create table paper (
    key text not null primary key,
    title text not null,
    abstract text not null,
    authors text not null,             -- JSON array
    categories text not null,          -- JSON array
    published text,
    updated text,
    doi text,
    journal text,
    comment text
) strict, without rowid;

-- Pages as they were fetched, so that a better parser can be run over a site that no longer exists.
create table page (
    url text not null primary key,
    status integer not null,
    headers text not null,             -- JSON object
    body blob not null,                -- zstandard
    fetched_at text not null           -- ISO 8601, UTC
) strict;

-- Results derived from the archive, with the generation they were derived from.
create table state (
    name text not null primary key,
    payload blob not null,
    generation integer not null
) strict;
-- SQLite walks through the whole payload for what stands behind it: two milliseconds where it has megabytes.
create index state_generation on state (name, generation);

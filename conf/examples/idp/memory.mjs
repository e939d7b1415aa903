// Copyright (C) Civic Gate
//
// What the provider remembers: one table for all its models, so that it
// outlives a change of keys, which makes a new provider.

export function memory() {
    const rows = new Map();

    const live = (key) => {
        const row = rows.get(key);
        if (row && row.until < Date.now()) {
            rows.delete(key);
            return undefined;
        }
        return row?.value;
    };
    const search = (model, member, value) => {
        for (const key of rows.keys()) {
            const found = key.startsWith(`${model}:`) && live(key);
            if (found && found[member] === value) {
                return found;
            }
        }
        return undefined;
    };

    return class Memory {
        constructor(model) {
            this.model = model;
        }

        key(id) {
            return `${this.model}:${id}`;
        }

        async upsert(id, value, seconds) {
            rows.set(this.key(id), {
                value, until: seconds ? Date.now() + seconds * 1000 : Infinity,
            });
        }

        async find(id) {
            return live(this.key(id));
        }

        async findByUid(uid) {
            return search(this.model, 'uid', uid);
        }

        async findByUserCode(code) {
            return search(this.model, 'userCode', code);
        }

        async consume(id) {
            live(this.key(id)).consumed = Math.floor(Date.now() / 1000);
        }

        async destroy(id) {
            rows.delete(this.key(id));
        }

        async revokeByGrantId(grant) {
            for (const [key, row] of rows) {
                if (row.value.grantId === grant) {
                    rows.delete(key);
                }
            }
        }
    };
}

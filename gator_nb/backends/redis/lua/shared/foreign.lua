-- Keys of other types in the places of ours, which somebody else wrote: they are looked for before
-- anything is written, as a script that stops halfway leaves halves.

local LISTED = {$RUNNING, $BLOCKED, $DELAYED, $RETRYING, $SUCCESS, $FAILED, $CANCELED}

local looked_at = {}

-- The name and type of the first of these {name, type that it has if it is there} that is foreign.
local function foreign_among(places)
    for _, place in ipairs(places) do
        local name, ours = place[1], place[2]
        if not looked_at[name] then
            local found = call('TYPE', name).ok
            if found ~= 'none' and found ~= ours then
                return name, found
            end
            looked_at[name] = true
        end
    end
end

-- Where tasks of a lane are and will be listed.
local function places_of_lane(queue, slot)
    local found = {{key('ready', line_of(queue, slot)), 'zset'}}
    for _, status in ipairs(LISTED) do
        found[#found + 1] = {key('status', status .. ':' .. queue), 'zset'}
    end
    return found
end

-- Where a task with these fields and tags is listed by its names.
local function places_of_names(fields, tags)
    local found = {}
    for _, field in ipairs({'name', 'group'}) do
        if fields[field] then
            found[#found + 1] = {key(field, fields[field]), 'zset'}
        end
    end
    if fields.session then
        local grouped = fields.group ~= nil
        local place = key(grouped and 'groups' or 'session', fields.session)
        found[#found + 1] = {place, grouped and 'hash' or 'zset'}
    end
    for _, tag in ipairs(tags) do
        found[#found + 1] = {key('tag', tag), 'zset'}
    end
    return found
end

-- What a script sees, and how it is run.
--
-- The chunk is given the libraries, as tables of Python functions by their names; their constants; and what it
-- needs of its host. It returns the functions by which the host compiles and runs scripts. A script gets plain
-- values and functions of Lua only: what comes from Python is a function, or is opaque.
--
-- Errors say what they would say if all of this were written in C, as it is in Redis: the lines in them are the
-- script's. What a script calls is exchanged only where it must be.

local functions, constants, host = ...
local OWN, READ_ONLY = '=sandbox', 'Attempt to modify a readonly table'
local NAME = host.chunk_name  -- of what is compiled

local assert, error, getmetatable, next, pairs, rawequal, rawget, rawset, select, setmetatable =
    assert, error, getmetatable, next, pairs, rawequal, rawget, rawset, select, setmetatable
local collectgarbage, gcinfo, loadstring, pcall, setfenv, tonumber, tostring, type, unpack, xpcall =
    collectgarbage, gcinfo, loadstring, pcall, setfenv, tonumber, tostring, type, unpack, xpcall
local load = load
local getinfo, registry, metatable_of, sethook =
    debug.getinfo, debug.getregistry(), debug.getmetatable, debug.sethook
local create, resume, running, status, wrap =
    coroutine.create, coroutine.resume, coroutine.running, coroutine.status, coroutine.wrap
local concat, find, format, match, sub =
    table.concat, string.find, string.format, string.match, string.sub
local as_function = python.as_function

-- Nothing can be done with an object of Python that a script comes to hold.

local opaque = registry.POBJECT
for name in pairs(opaque) do
    if name ~= '__gc' then opaque[name] = nil end
end
opaque.__metatable = false
opaque.__tostring = function() return 'userdata: (nil)' end  -- cjson.null, which is a null pointer in Redis

local function to_functions(library)
    for name, value in pairs(library) do
        if type(value) == 'userdata' and value ~= host.null then library[name] = as_function(value) end
    end
    return library
end

for _, library in pairs(functions) do to_functions(library) end
to_functions(host)
local describe, fallback_line, interrupted, relieve, kilobytes =
    host.describe, host.fallback_line, host.interrupted, host.relieve, host.kilobytes

-- Errors

local function position(info)
    if info and info.currentline > 0 and info.source ~= OWN then
        return info.short_src .. ':' .. info.currentline .. ': '
    end
    return ''
end

-- As `getinfo` in the function that calls this; or of the frames of a coroutine that has failed.
local function frame(level, what, thread)
    if thread then return getinfo(thread, level, what) end
    return getinfo(level + 1, what)
end

-- Of the frames from `level` on, the first that is not of this chunk; and the level of the one below, if that is
-- of this chunk. A function that failed in C does not count. Of a frame that a tail call has replaced only the
-- line is guessed. Levels are those of the function that calls this.
local function caller(level, thread)
    if not thread then level = level + 1 end
    local info = frame(level, 'Sl', thread)
    if info and info.what == 'C' then
        level = level + 1
        info = frame(level, 'Sl', thread)
    end
    local own
    while info and info.source == OWN do
        own, level = level, level + 1
        info = frame(level, 'Sl', thread)
    end
    if info and info.what == 'tail' then
        info = {source = NAME, short_src = sub(NAME, 2), currentline = fallback_line()}
    end
    return info, own and not thread and own - 1 or own
end

local names = setmetatable({}, {__mode = 'k'})  -- of the functions below

-- What a script called the function at `level`, when it called it.
local function name_at(level, thread)
    if not thread then level = level + 1 end
    local called, by = frame(level, 'nf', thread), frame(level + 1, 'S', thread)
    if by and by.source == OWN then return '?' end
    if by and by.what == 'tail' then return names[called.func] or '?', called.namewhat end
    return called.name or '?', called.namewhat
end

-- What Python raised comes as an opaque object; where it is caught it becomes what Redis raises.
local function plain(problem, level, thread)
    if not thread then level = level + 1 end
    local kind, message = describe(problem, (name_at(level, thread)))
    if kind == 'reply' then return {err = message} end
    if kind == 'counted' then return {err = message, ignore_error_stats_update = true} end
    if kind == 'message' then return position(frame(level + 1, 'Sl', thread)) .. message end
    return message or problem
end

-- A message with a line of this chunk, as it would be if the function that the script called were C.
local function as_called(problem, level, thread)
    local _, last = find(problem, '^sandbox:%d+: ')
    if not last then return problem end
    if not thread then level = level + 1 end
    local message = sub(problem, last + 1)
    local info, own = caller(level, thread)
    if not own then return message end
    local number, rest = match(message, "^bad argument #(%d+) to '[^']*'(.*)")
    if number then
        local name, how = name_at(own, thread)
        if how == 'method' then number = number - 1 end
        message = format("bad argument #%d to '%s'%s", number, name, rest)
    end
    return position(info) .. message
end

-- What was raised by the function at `level`, as it is for who catches it.
local function translated(problem, level, thread)
    if not thread then level = level + 1 end
    if type(problem) == 'userdata' then return (plain(problem, level, thread)) end
    if type(problem) == 'string' and sub(problem, 1, 8) == 'sandbox:' then
        return (as_called(problem, level, thread))
    end
    return problem
end

local function handler(problem)
    return (translated(problem, 2))
end

-- The last handler: an error becomes a table that says where it was made.
local function located(problem)
    problem = translated(problem, 2)
    if type(problem) ~= 'table' then problem = {err = 'ERR ' .. tostring(problem)} end
    local info = caller(2)
    if info then
        problem.source = info.source  -- as Redis's own handler does: a metatable may object
        problem.line = info.currentline
    end
    return problem
end

-- Errors of the functions below, about how they were called.

local function complain(message)
    error(position((caller(2))) .. message, 0)
end

local function bad_argument(number, message)
    local _, own = caller(2)
    complain(format("bad argument #%d to '%s' (%s)", number, name_at(own), message))
end

-- Whether argument `number` of `given` is what is `expected`; the message if it is not.
local function unexpected(expected, number, given, value)
    return format('%s expected, got %s', expected, given < number and 'no value' or type(value))
end

-- Interrupting: after so many instructions of every coroutine Python is asked whether to go on.

local function watch()
    local why = interrupted()
    if why then
        sethook(host.watch, 'l')
        if getinfo(2, 'S').source ~= OWN then error({err = why}, 0) end
    end
end
host.watch = watch

sethook(watch, '', host.steps)
local hooks  -- where Lua keeps those of each coroutine, longer than it keeps the coroutine
for key, value in pairs(registry) do
    if type(key) == 'userdata' and type(value) == 'table' then hooks = value end
end
assert(hooks)
local alive = setmetatable({}, {__mode = 'k'})  -- coroutines: a library may keep some from one call to the next

-- A table that cannot be changed is empty: what is in it is behind it.

local contents = {}

local function refuse()
    error(READ_ONLY, 2)
end

local function protected(real, metatable)
    local front = setmetatable({}, {__index = real, __newindex = refuse, __metatable = metatable or false})
    contents[front] = real
    return front
end

local function following(front, key)
    return next(contents[front], key)
end

-- The functions of Lua that are not as they were

local environment
local untidy = {}  -- what has to be put back after a script
local safe = {}

function safe.pairs(...)
    local subject = ...
    if type(subject) ~= 'table' then bad_argument(1, unexpected('table', 1, select('#', ...), subject)) end
    if contents[subject] then return following, subject, nil end
    return next, subject, nil
end

function safe.rawget(...)
    local given, subject, key = select('#', ...), ...
    if type(subject) ~= 'table' then bad_argument(1, unexpected('table', 1, given, subject)) end
    if given < 2 then bad_argument(2, 'value expected') end
    return rawget(contents[subject] or subject, key)
end

function safe.rawset(...)
    local given, subject, key, value = select('#', ...), ...
    if type(subject) ~= 'table' then bad_argument(1, unexpected('table', 1, given, subject)) end
    if given < 3 then bad_argument(given + 1, 'value expected') end
    if contents[subject] then error(READ_ONLY, 0) end
    if key == nil then error('table index is nil', 0) end
    if key ~= key then error('table index is NaN', 0) end
    return rawset(subject, key, value)
end

function safe.getmetatable(...)
    local given, subject = select('#', ...), ...
    if given < 1 then bad_argument(1, 'value expected') end
    return getmetatable(subject) or nil
end

function safe.setmetatable(...)
    local given, subject, metatable = select('#', ...), ...
    if type(subject) ~= 'table' then bad_argument(1, unexpected('table', 1, given, subject)) end
    if given < 2 or (metatable ~= nil and type(metatable) ~= 'table') then
        bad_argument(2, 'nil or table expected')
    end
    if contents[subject] then error(READ_ONLY, 0) end
    local present = metatable_of(subject)
    if present and rawget(present, '__metatable') ~= nil then complain('cannot change a protected metatable') end
    return setmetatable(subject, metatable)
end

-- Redis's pcall makes a text of an error that is a table with a text.
local function finished(good, ...)
    if good then return true, ... end
    local problem = ...
    if type(problem) == 'table' then
        local message = problem.err
        if type(message) == 'string' or type(message) == 'number' then return false, message end
        return false, problem, message
    end
    return false, problem
end

-- What stands around a call keeps the frame of who makes it.
local function same(...)
    return ...
end

local function is_callable(value)
    local metatable = metatable_of(value)
    return type(value) == 'function' or (metatable and rawget(metatable, '__call') ~= nil)
end

function safe.pcall(...)
    local given, call = select('#', ...), ...
    if given == 0 then return false end
    if given == 1 or not is_callable(call) then return finished(xpcall(call, handler)) end
    local arguments = {...}
    return finished(xpcall(function() return same(call(unpack(arguments, 2, given))) end, handler))
end

function safe.xpcall(...)
    local given, call, handle = select('#', ...), ...
    if given < 2 then bad_argument(2, 'value expected') end
    return xpcall(call, function(problem) return handle((translated(problem, 2))) end)
end

-- Bytecode can do anything, and nobody checks it. A blank before it makes it a text, and a bad one.
local function as_text(source)
    return sub(source, 1, 1) == '\27' and ' ' .. source or source
end

local function compiled(source, name)
    local chunk, problem = loadstring(as_text(source), name)
    if chunk then return setfenv(chunk, environment) end
    return nil, problem
end

local function is_text(value)
    return type(value) == 'string' or type(value) == 'number'
end

function safe.loadstring(...)
    local given, source, name = select('#', ...), ...
    if not is_text(source) then bad_argument(1, unexpected('string', 1, given, source)) end
    if name ~= nil and not is_text(name) then bad_argument(2, unexpected('string', 2, given, name)) end
    return compiled(tostring(source), tostring(name or source))
end

function safe.load(...)
    local given, reader, name = select('#', ...), ...
    if type(reader) ~= 'function' then bad_argument(1, unexpected('function', 1, given, reader)) end
    if name ~= nil and not is_text(name) then bad_argument(2, unexpected('string', 2, given, name)) end
    local where, begun = position((caller(1))), false
    local chunk, problem = load(function()
        local piece = reader()
        if piece == nil or piece == '' then return nil end
        if not is_text(piece) then error(where .. 'reader function must return a string', 0) end
        if not begun then piece = as_text(tostring(piece)) end
        begun = true
        return piece
    end, name)
    if chunk then return setfenv(chunk, environment) end
    if type(problem) == 'userdata' then
        local _, message = describe(problem)
        problem = message
    end
    return nil, problem
end

local COLLECTING = {
    stop = true, restart = true, collect = true, count = true, step = true, setpause = true, setstepmul = true,
}

function safe.collectgarbage(...)
    local option, amount = ...
    if option == nil then option = 'collect' end
    if not COLLECTING[option] then
        if not is_text(option) then bad_argument(1, unexpected('string', 1, 1, option)) end
        bad_argument(1, format("invalid option '%s'", option))
    end
    untidy.collector = true
    return collectgarbage(option, amount)
end

safe.coroutine = {running = running, status = status, yield = coroutine.yield}

local function can_be_resumed(call)
    untidy.hooks = true
    return type(call) == 'function' and getinfo(call, 'S').what ~= 'C'
end

function safe.coroutine.create(call)
    if not can_be_resumed(call) then bad_argument(1, 'Lua function expected') end
    local made = create(call)
    sethook(made, watch, '', host.steps)
    alive[made] = true
    return made
end

function safe.coroutine.wrap(call)
    if not can_be_resumed(call) then bad_argument(1, 'Lua function expected') end
    return wrap(function(...)
        sethook(watch, '', host.steps)
        alive[running()] = true
        return call(...)
    end)
end

local function resumed(made, good, ...)
    if good then return true, ... end
    local problem = ...
    return false, translated(problem, 0, made)
end

function safe.coroutine.resume(...)
    local made = ...
    if type(made) ~= 'thread' then bad_argument(1, 'coroutine expected') end
    return resumed(made, resume(...))
end

-- The first of these could take Lua beyond the end of its stacks, and the process with it.

local MOST_RESULTS, LONGEST_PATTERN, MOST_INT = 7990, 20000, 2147483647

function safe.unpack(...)
    local subject, first, last = ...
    if first ~= nil or last ~= nil then
        local low, high = tonumber(first) or 1, tonumber(last)
        if not high and type(subject) == 'table' then high = #subject end
        if high and high <= MOST_INT and not (low >= -MOST_INT and high - low < MOST_RESULTS) then
            complain('too many results to unpack')
        elseif high and high > MOST_INT then  -- as C makes an int of it
            return
        end
    end
    return unpack(...)
end

local insert = table.insert
function table.insert(...)
    local subject = ...
    if contents[subject] then error(READ_ONLY, 0) end
    return insert(...)
end
names[table.insert] = 'insert'

for _, name in pairs({'find', 'match', 'gmatch', 'gfind', 'gsub'}) do
    local search = string[name]
    string[name] = function(...)
        local _, pattern = ...
        if type(pattern) == 'string' and #pattern > LONGEST_PATTERN then complain('pattern too long') end
        return search(...)
    end
    names[string[name]] = name
end

-- The globals

local function missing(_, name)
    error(format("Script attempted to access nonexistent global variable '%s'", tostring(name)), 2)
end

local globals = {
    _VERSION = _VERSION, assert = assert, error = error, gcinfo = gcinfo,
    ipairs = ipairs, next = next, rawequal = rawequal, select = select, tonumber = tonumber,
    tostring = tostring, type = type,
}
if not host.libraries then
    globals.__redis__err__handler = function(problem) return located(problem) end
end
for name, value in pairs(safe) do
    globals[name] = value
    names[value] = name
end
for name, value in pairs(safe.coroutine) do names[value] = name end
for name, value in pairs(functions.math) do math[name] = value end
globals.string, globals.table, globals.math = string, table, math
for _, name in pairs({'bit', 'cjson', 'cmsgpack', 'redis', 'struct'}) do
    globals[name] = functions[name]
    for key, value in pairs(constants[name] or {}) do globals[name][key] = value end
end


local new_encode, pack = host.encoders(complain, bad_argument, host.null, host.packed_float)
globals.cmsgpack.pack = pack

local function completed(cjson)
    cjson.encode = new_encode(cjson.encode_settings)
    cjson.encode_settings = nil
    names[cjson.encode] = 'encode'
    return cjson
end

function globals.cjson.new()
    local made = completed(to_functions(host.new_cjson()))
    for key, value in pairs(constants.cjson) do made[key] = value end
    made.new = globals.cjson.new
    return made
end
completed(globals.cjson)
names[pack] = 'pack'

for name, library in pairs(globals) do
    if type(library) == 'table' then globals[name] = protected(library) end
end

environment = protected(globals, protected({__index = missing}))
globals._G = environment
setmetatable(globals, {__index = missing})
getmetatable('').__metatable = protected({__index = globals.string})
-- Running

local function compile(source)
    return compiled(source, NAME)
end

local function tidy()
    if untidy.collector then
        collectgarbage('setpause', 200)
        collectgarbage('setstepmul', 200)
        collectgarbage('restart')
    end
    if untidy.hooks then
        for state in next, hooks do hooks[state] = nil end
        if host.libraries then
            for made in next, alive do
                if status(made) ~= 'dead' then sethook(made, watch, '', host.steps) end
            end
        end
    end
    untidy = {}
    sethook(watch, '', host.steps)
end

local MANY = 200  -- values that are handed over at once

local function handed_over(kind, list, count)
    if count > MANY then return kind, count, list end
    return kind, count, unpack(list, 1, count)
end

local function flattened(entries, with_values)
    local list, count = {}, 0
    for key, value in next, entries do
        count = count + 1
        list[count] = key
        if with_values then
            count = count + 1
            list[count] = value
        end
    end
    return list, count
end

local function without_metatable(value)
    local copy = {}
    for key, item in next, value do copy[key] = item end
    return copy
end

-- What a table means as a reply: its kind, and its value; of several values how many there are, and those, or
-- a table that has them.
local function shape(value)
    if metatable_of(value) then value = without_metatable(value) end
    if value.err and type(value.err) == 'string' then
        return 'err', value.err, value.ignore_error_stats_update or false
    end
    if value.ok and type(value.ok) == 'string' then return 'ok', value.ok end
    if value.double and type(value.double) == 'number' then return 'double', value.double end
    if value.big_number and type(value.big_number) == 'string' then return 'big_number', value.big_number end
    local verbatim = value.verbatim_string
    if verbatim and type(verbatim) == 'table' then
        local style, text = rawget(verbatim, 'format'), rawget(verbatim, 'string')
        if type(style) == 'string' and type(text) == 'string' then return 'verbatim', style, text end
    end
    if value.map and type(value.map) == 'table' then return handed_over('map', flattened(value.map, true)) end
    if value.set and type(value.set) == 'table' then return handed_over('set', flattened(value.set)) end
    local count = 0
    while value[count + 1] ~= nil do count = count + 1 end
    return handed_over('array', value, count)
end

-- What a script came to: a value that is no table, or what `shape` tells of one, or how it failed.
local function answered(good, result)
    if gcinfo() > kilobytes then relieve() end
    if next(untidy) or not good then tidy() end
    if good then
        if type(result) == 'table' then return shape(result) end
        return result
    end
    if type(result) ~= 'table' then return 'broken', result end
    local _, message = pcall(function() return result.err end)
    local source, line = rawget(result, 'source'), rawget(result, 'line')
    return 'failed', message, source, line, rawget(result, 'ignore_error_stats_update') or false
end

-- The keys and arguments of a script, `number` keys first; or there are two tables, if that is negative.
local function divided(number, ...)
    if number < 0 then return ... end
    if number == 0 then return {}, {...} end
    return {unpack({...}, 1, number)}, {select(number + 1, ...)}
end

local function run(chunk, number, ...)
    globals.KEYS, globals.ARGV = divided(number, ...)
    local good, result = xpcall(chunk, located)
    globals.KEYS, globals.ARGV = nil, nil
    return answered(good, result)
end

local load
if host.libraries then
    local call
    load, call = host.libraries(
        environment, globals, contents, protected, missing, compiled, located, answered, handed_over, same
    )
    run = function(callable, number, ...) return call(callable, divided(number, ...)) end
end

local function slice(list, first, last)
    return unpack(list, first, last)
end

local real_globals = _G
for name in next, real_globals do real_globals[name] = nil end

return compile, run, shape, slice, load

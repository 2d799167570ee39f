-- Libraries of functions: how they are loaded, and how a function is called.
--
-- The chunk is given what it needs of the sandbox, and returns the two. A library sees other globals while it is
-- loaded than its functions see when they are called: nothing but `redis`, which can register and log.

local environment, globals, contents, protected, missing, compiled, located, answered, handed_over, same = ...

local error, ipairs, next, pairs, select, setmetatable, tostring, type, xpcall =
    error, ipairs, next, pairs, select, setmetatable, tostring, type, xpcall
local getinfo, metatable = debug.getinfo, debug.getmetatable(environment)
local concat, find, lower = table.concat, string.find, string.lower

local FLAGS = {
    ['no-writes'] = true, ['allow-oom'] = true, ['allow-stale'] = true, ['no-cluster'] = true,
    ['allow-cross-slot-keys'] = true,
}
local ON_LOAD = 'redis.register_function can only be called on FUNCTION LOAD command'
local BAD_NAME = 'Library names can only contain letters, numbers, or underscores(_) and must be at least one ' ..
    'character long'

local registered  -- while a library is loaded: of each function what `load` tells of it, one after the other
local taken       -- the names of those functions, in lower case

local function complain(message)
    error({err = 'ERR ' .. message}, 0)
end

local function text(value, otherwise)
    if type(value) ~= 'string' and type(value) ~= 'number' then complain(otherwise) end
    return tostring(value)
end

local function flags_in(list)
    local flags = {}
    for _, flag in ipairs(list) do
        local word = (type(flag) == 'string' or type(flag) == 'number') and lower(flag)
        if not FLAGS[word] then complain('unknown flag given') end
        flags[#flags + 1] = word
    end
    return concat(flags, ',')
end

local reading = {}  -- how the named arguments are read

function reading.function_name(value)
    return text(value, 'function_name argument given to redis.register_function must be a string')
end

function reading.description(value)
    return text(value, 'description argument given to redis.register_function must be a string')
end

function reading.callback(value)
    if type(value) ~= 'function' then
        complain('callback argument given to redis.register_function must be a function')
    end
    return value
end

function reading.flags(value)
    if type(value) ~= 'table' then
        complain('flags argument to redis.register_function must be a table representing function flags')
    end
    return flags_in(value)
end

local function named(arguments)
    local found = {}
    for key, value in next, arguments do
        local name = lower(text(key, 'named argument key given to redis.register_function is not a string'))
        if not reading[name] then complain('unknown argument given to redis.register_function') end
        found[name] = reading[name](value)
    end
    if not found.function_name then complain('redis.register_function must get a function name argument') end
    if not found.callback then complain('redis.register_function must get a callback argument') end
    return found
end

local function positional(name, callback)
    name = text(name, 'first argument to redis.register_function must be a string')
    if type(callback) ~= 'function' then
        complain('second argument to redis.register_function must be a function')
    end
    return {function_name = name, callback = callback}
end

local function register_function(...)
    if not registered then complain(ON_LOAD) end
    local given, first, second = select('#', ...), ...
    if given < 1 or given > 2 then complain('wrong number of arguments to redis.register_function') end
    if given == 1 and type(first) ~= 'table' then
        complain('calling redis.register_function with a single argument is only applicable to Lua table ' ..
            '(representing named arguments).')
    end
    local made = given == 1 and named(first) or positional(first, second)
    local name, where = made.function_name, getinfo(made.callback, 'S')
    if not find(name, '^[A-Za-z0-9_]+$') then complain(BAD_NAME) end
    if taken[lower(name)] then complain('Function already exists in the library') end
    taken[lower(name)] = true
    for _, value in ipairs({
        name, made.description or false, made.flags or '', where.linedefined, where.lastlinedefined,
        {made.callback},
    }) do
        registered[#registered + 1] = value
    end
end

local loading = {redis = {register_function = register_function, log = globals.redis.log}}
for name, value in pairs(contents[globals.redis]) do
    if find(name, '^LOG_') or find(name, '^REDIS_') then loading.redis[name] = value end
end
loading.redis = protected(setmetatable(loading.redis, {__index = missing}))
setmetatable(loading, {__index = missing})

local function see(world)
    metatable.__index, contents[environment] = world, world
end

-- What came of loading a library: its functions, of each its name, description, flags, first and last line, and
-- what to call it by; or how it failed.
local function load(source)
    local chunk, problem = compiled(source, '@user_function')
    if not chunk then return 'uncompiled', problem end
    registered, taken = {}, {}
    see(loading)
    local good, result = xpcall(chunk, located)
    see(globals)
    local found = registered
    registered, taken = nil, nil
    if not good then return answered(false, result) end
    answered(true)
    return handed_over('functions', found, #found)
end

local function call(callable, keys, args)
    return answered(xpcall(function() return same(callable[1](keys, args)) end, located))
end

return load, call

-- cjson.encode and cmsgpack.pack: values to bytes. They are in Lua because they walk tables.
--
-- The chunk is given how to complain of a value and of an argument, cjson.null, and `packed_float`, by which Python
-- makes the bytes of a number with a fraction. It returns a function that makes an `encode`, and `pack`.

local complain, bad_argument, null, packed_float = ...

local next, rawget, select, type = next, rawget, select, type
local char, concat, floor, format, gsub = string.char, table.concat, math.floor, string.format, string.gsub
local huge, max = math.huge, math.max

-- The highest key of an array and how many there are; nil if a key is no place in an array.
local function extent(value)
    local highest, count = 0, 0
    for key in next, value do
        if type(key) ~= 'number' or key < 1 or floor(key) ~= key then return nil end
        highest, count = max(highest, key), count + 1
    end
    return highest, count
end

-- JSON

local ESCAPES = {
    ['"'] = '\\"', ['\\'] = '\\\\', ['/'] = '\\/',
    ['\b'] = '\\b', ['\f'] = '\\f', ['\n'] = '\\n', ['\r'] = '\\r', ['\t'] = '\\t',
}
for byte = 0, 127 do
    if (byte < 32 or byte == 127) and not ESCAPES[char(byte)] then
        ESCAPES[char(byte)] = format('\\u%04x', byte)
    end
end

local function quoted(text)
    return '"' .. gsub(text, '[%c"\\/]', ESCAPES) .. '"'
end

local function cannot_serialise(value, why)
    complain('Cannot serialise ' .. type(value) .. ': ' .. why)
end

-- An `encode` that goes by what `settings` returns when it is called.
local function new_encode(settings)
    local sparse_convert, sparse_ratio, sparse_safe, max_depth, invalid_numbers, number_form
    local function number(value)
        if value - value == 0 then return format(number_form, value) end
        if invalid_numbers == 'off' then cannot_serialise(value, 'must not be NaN or Inf') end
        if invalid_numbers == 'null' then return 'null' end
        return value ~= value and 'nan' or value > 0 and 'inf' or '-inf'
    end

    -- How long an array `value` makes; nil if it is to be an object.
    local function array_length(value)
        local highest, items = extent(value)
        if not highest or highest == 0 then return nil end
        if sparse_ratio > 0 and highest > items * sparse_ratio and highest > sparse_safe then
            if not sparse_convert then cannot_serialise(value, 'excessively sparse array') end
            return nil
        end
        return highest
    end

    local put_value

    local function put_array(out, value, length, depth)
        out[#out + 1] = '['
        for place = 1, length do
            if place > 1 then out[#out + 1] = ',' end
            put_value(out, rawget(value, place), depth)
        end
        out[#out + 1] = ']'
    end

    local function put_object(out, value, depth)
        out[#out + 1] = '{'
        local comma = ''
        for key, item in next, value do
            if type(key) == 'string' then
                out[#out + 1] = comma .. quoted(key) .. ':'
            elseif type(key) == 'number' then
                out[#out + 1] = comma .. '"' .. number(key) .. '":'
            else
                cannot_serialise(key, 'table key must be a number or string')
            end
            comma = ','
            put_value(out, item, depth)
        end
        out[#out + 1] = '}'
    end

    function put_value(out, value, depth)
        local kind = type(value)
        if kind == 'string' then
            out[#out + 1] = quoted(value)
        elseif kind == 'number' then
            out[#out + 1] = number(value)
        elseif kind == 'boolean' then
            out[#out + 1] = value and 'true' or 'false'
        elseif value == nil or value == null then
            out[#out + 1] = 'null'
        elseif kind == 'table' then
            depth = depth + 1
            if depth > max_depth then complain('Cannot serialise, excessive nesting (' .. depth .. ')') end
            local length = array_length(value)
            if length then
                put_array(out, value, length, depth)
            else
                put_object(out, value, depth)
            end
        else
            cannot_serialise(value, 'type not supported')
        end
    end

    return function(...)
        if select('#', ...) ~= 1 then bad_argument(1, 'expected 1 argument') end
        sparse_convert, sparse_ratio, sparse_safe, max_depth, invalid_numbers, number_form = settings()
        local out = {}
        put_value(out, (...), 0)
        return concat(out)
    end
end

-- MessagePack

local MAX_NESTING = 16  -- tables within so many others are packed as nil

local function bytes2(value)
    return char(floor(value / 256), value % 256)
end

local function bytes4(value)
    return bytes2(floor(value / 65536)) .. bytes2(value % 65536)
end

local function bytes8(value)
    return bytes4(floor(value / 4294967296) % 4294967296) .. bytes4(value % 4294967296)
end

local function packed_integer(value)
    if value >= 0 then
        if value <= 127 then return char(value) end
        if value <= 255 then return '\204' .. char(value) end
        if value <= 65535 then return '\205' .. bytes2(value) end
        if value <= 4294967295 then return '\206' .. bytes4(value) end
        return '\207' .. bytes8(value)
    end
    if value >= -32 then return char(256 + value) end
    if value >= -128 then return '\208' .. char(256 + value) end
    if value >= -32768 then return '\209' .. bytes2(65536 + value) end
    if value >= -2147483648 then return '\210' .. bytes4(4294967296 + value) end
    return '\211' .. bytes8(value)
end

local function packed_number(value)
    if floor(value) == value and value >= -2 ^ 63 and value < 2 ^ 63 then return packed_integer(value) end
    return packed_float(value)
end

local function packed_string(text)
    local length = #text
    if length < 32 then return char(160 + length) .. text end
    if length <= 255 then return '\217' .. char(length) .. text end
    if length <= 65535 then return '\218' .. bytes2(length) .. text end
    return '\219' .. bytes4(length) .. text
end

-- What stands before an array or a map: its length in the first byte, or behind a code.
local function header(length, first, code)
    if length < 16 then return char(first + length) end
    if length <= 65535 then return char(code) .. bytes2(length) end
    return char(code + 1) .. bytes4(length)
end

local put_packed

local function put_table(out, value, level)
    local highest, count = extent(value)
    if highest and highest == count then
        out[#out + 1] = header(count, 144, 220)
        for place = 1, count do put_packed(out, rawget(value, place), level) end
        return
    end
    count = 0
    for _ in next, value do count = count + 1 end
    out[#out + 1] = header(count, 128, 222)
    for key, item in next, value do
        put_packed(out, key, level)
        put_packed(out, item, level)
    end
end

function put_packed(out, value, level)
    local kind = type(value)
    if kind == 'string' then
        out[#out + 1] = packed_string(value)
    elseif kind == 'number' then
        out[#out + 1] = packed_number(value)
    elseif kind == 'boolean' then
        out[#out + 1] = value and '\195' or '\194'
    elseif kind == 'table' and level < MAX_NESTING then
        put_table(out, value, level + 1)
    else
        out[#out + 1] = '\192'
    end
end

local function pack(...)
    local given = select('#', ...)
    if given == 0 then bad_argument(0, 'MessagePack pack needs input.') end
    local out = {}
    for place = 1, given do put_packed(out, (select(place, ...)), 0) end
    return concat(out)
end

return new_encode, pack

-- A weekly award on Redis: the same checks, the same record. KEYS: the transaction, the account, the quest. ARGV: occurred_at,
-- account and quest as the record is to have them. The record is sequence:account:quest:occurred_at:code:points.
-- Weeks are bits of a number below 2^53, which Lua holds exactly.
local quest = redis.call('HMGET', KEYS[3], 'points', 'cap', 'first_week', 'last_week', 'left')
local points_field, weeks_field = 'points' .. ARGV[3], 'weeks' .. ARGV[3]
local account = redis.call('HMGET', KEYS[2], 'balance', points_field, weeks_field)
local points, code, bit, had, weeks = tonumber(quest[1]), 0, 0, 0, 0
if not points then
    code = 20 -- no such quest
elseif not account[1] then
    code = 4 -- no such account
else
    local week = math.floor((tonumber(ARGV[1]) + 291600) / 604800) - tonumber(quest[3])
    had, weeks = tonumber(account[2] or 0), tonumber(account[3] or 0)
    if week < 0 or week > tonumber(quest[4]) - tonumber(quest[3]) then
        code = 21 -- outside its weeks
    else
        bit = 2 ^ week
        if math.floor(weeks / bit) % 2 == 1 then
            code = 23 -- this week was awarded
        elseif had + points > tonumber(quest[2]) then
            code = 24 -- over the cap
        elseif tonumber(quest[5]) < points then
            code = 25 -- the budget is used up
        end
    end
end
if code ~= 0 then
    points = 0
end
local sequence = redis.call('INCR', 'sequence')
local record = sequence .. ':' .. ARGV[2] .. ':' .. ARGV[3] .. ':' .. ARGV[1] .. ':' .. code .. ':' .. points
if not redis.call('SET', KEYS[1], record, 'NX') then
    return 1 -- a duplicate
end
if code == 0 then
    redis.call('HSET', KEYS[2], 'balance', tonumber(account[1]) + points, points_field, had + points, weeks_field,
        string.format('%.0f', weeks + bit))
    redis.call('HINCRBY', KEYS[3], 'left', -points)
end
return code

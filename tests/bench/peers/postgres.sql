-- Weekly awards on PostgreSQL: the same checks, the same record, durable when it is answered.
-- Account numbers are 8 bytes here, which favours PostgreSQL; transaction ids are 16 bytes, as (hi, lo), rising like UUIDv7.

create table quest (
    quest int primary key, points bigint not null, cap bigint not null,
    first_week int not null, last_week int not null
);
-- The budget lies in parts, so that transactions do not queue for one row. What one part lacks another may have.
create table budget (
    quest int, part int, points_left bigint not null, primary key (quest, part)
) with (fillfactor = 10);
create table account (
    account bigint primary key, municipality int not null, balance bigint not null
) with (fillfactor = 50);
create table progress (
    account bigint, quest int, points bigint not null, weeks bigint not null, primary key (account, quest)
) with (fillfactor = 50);
create table ledger (
    hi bigint, lo bigint, sequence bigint generated always as identity, account bigint not null, quest int not null,
    occurred_at bigint not null, code smallint not null, points bigint not null, primary key (hi, lo)
);

-- 0 applied, 1 duplicate, 4 no such account, 20 no such quest, 21 outside its weeks, 23 this week was awarded, 24 over the cap,
-- 25 the budget is used up.
create function award_one(hi_ bigint, lo_ bigint, account_ bigint, quest_ int, occurred_at_ bigint) returns int
language plpgsql as $$
declare
    q quest;
    week int;
    code_ int := 0;
    had progress;
    part_ int := lo_ & 255;
begin
    select * into q from quest where quest = quest_;
    week := (occurred_at_ + 32400 + 3 * 86400) / 604800 - q.first_week;
    if q is null then
        code_ := 20;
    elsif week < 0 or week > q.last_week - q.first_week then
        code_ := 21;
    end if;
    insert into ledger (hi, lo, account, quest, occurred_at, code, points)
    values (hi_, lo_, account_, quest_, occurred_at_, code_, case code_ when 0 then q.points else 0 end) on conflict do nothing;
    if not found then
        return 1;
    end if;
    if code_ = 0 then
        update account set balance = balance + q.points where account = account_;
        if not found then
            code_ := 4;
        else
            insert into progress as p values (account_, quest_, q.points, 1::bigint << week)
            on conflict (account, quest) do update set weeks = p.weeks | excluded.weeks, points = p.points + q.points
            where p.weeks & excluded.weeks = 0 and p.points + q.points <= q.cap;
            if not found then
                select * into had from progress where account = account_ and quest = quest_;
                code_ := case when had.weeks & (1::bigint << week) <> 0 then 23 else 24 end;
                update account set balance = balance - q.points where account = account_;
            else
                update budget set points_left = points_left - q.points
                where quest = quest_ and part = part_ and points_left >= q.points;
                if not found then
                    update budget set points_left = points_left - q.points where quest = quest_ and part = (
                        select part from budget where quest = quest_ and points_left >= q.points order by part limit 1 for update);
                    if not found then
                        code_ := 25;
                        update account set balance = balance - q.points where account = account_;
                        update progress set weeks = weeks & ~(1::bigint << week), points = points - q.points
                        where account = account_ and quest = quest_;
                    end if;
                end if;
            end if;
        end if;
        if code_ <> 0 then
            update ledger set code = code_, points = 0 where hi = hi_ and lo = lo_;
        end if;
    end if;
    return code_;
end $$;

-- Many at once, as sets. When any of them would be refused, all are decided one by one instead.
create function award_many(hi_ bigint[], lo_ bigint[], account_ bigint[], quest_ int, occurred_at_ bigint[]) returns int[]
language plpgsql as $$
declare
    q quest;
    count_ bigint := cardinality(hi_);
    done bigint;
    codes int[];
begin
    select * into q from quest where quest = quest_;
    begin
        with many as materialized (
            select * from unnest(hi_, lo_, account_, occurred_at_) as m (hi, lo, account, occurred_at)
        ), recorded as (
            insert into ledger (hi, lo, account, quest, occurred_at, code, points)
            select hi, lo, account, quest_, occurred_at, 0, q.points from many
            where (occurred_at + 32400 + 3 * 86400) / 604800 between q.first_week and q.last_week
            returning account, occurred_at
        ), counted as (
            insert into progress as p
            select account, quest_, q.points, 1::bigint << ((occurred_at + 32400 + 3 * 86400) / 604800 - q.first_week)::int
            from recorded
            on conflict (account, quest) do update set weeks = p.weeks | excluded.weeks, points = p.points + q.points
            where p.weeks & excluded.weeks = 0 and p.points + q.points <= q.cap
            returning account
        ), paid as (
            update account a set balance = balance + q.points from counted c where a.account = c.account returning 1
        )
        select count(*) into done from paid;
        update budget set points_left = points_left - q.points * count_
        where quest = quest_ and part = (lo_[1] & 255) and points_left >= q.points * count_;
        if done <> count_ or not found then
            raise exception 'one by one';
        end if;
        return array_fill(0, array[count_::int]);
    exception
        when raise_exception or unique_violation or cardinality_violation then
            for i in 1 .. count_ loop
                codes[i] := award_one(hi_[i], lo_[i], account_[i], quest_, occurred_at_[i]);
            end loop;
            return codes;
    end;
end $$;
